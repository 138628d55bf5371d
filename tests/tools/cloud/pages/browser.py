"""A Chromium that is driven by its own chromedriver, and what is measured in its pages."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tools import npm

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
# Everything that axe has of WCAG 2.2 A and AA, and its best practices.
AGAIN, AGAIN_S = 4, 0.5
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

_AXE = """
const done = arguments[arguments.length - 1];
const frame = () => new Promise(requestAnimationFrame);
frame().then(frame).then(() => axe.run(document, {runOnly: arguments[0], resultTypes: ["violations"]})).then(
  (found) => done(found.violations.map((one) => `${one.id} (${one.impact}): ${one.help}: ` +
    one.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(" | "))),
  (error) => done([`axe: ${error}`]));
"""

# Too wide: what reaches beyond the page. Covered: texts that lie on each other. Cut: words that do not fit their box.
_MEASURE = """
const done = arguments[arguments.length - 1];
const over_the_page = (one) => { for (; one; one = one.parentElement) {
  const style = getComputedStyle(one);
  if (["sticky", "fixed"].includes(style.position) || style.clipPath !== "none") return true; } return false; };
// Where the box ends that cuts off what is too long for it, and says so with dots or can be scrolled.
const clips = (one, kinds) => { let edge = Infinity; for (; one; one = one.parentElement) {
  const style = getComputedStyle(one);
  const dots = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
  if (kinds.includes(style.overflowX) || (dots && kinds.includes("dots"))) {
    edge = Math.min(edge, one.getBoundingClientRect().right);
    if (dots) return edge; } } return edge; };
requestAnimationFrame(() => requestAnimationFrame(() => {
const found = [];
const wide = document.documentElement.clientWidth;
const over = document.documentElement.scrollWidth - wide;
const name = (one) => one.tagName.toLowerCase() + (one.id ? "#" + one.id : "") +
  (one.classList.length ? "." + [...one.classList].join(".") : "");
if (over > 0) {
  const beyond = (one) => one.getBoundingClientRect().right > wide + 0.5;
  const guilty = [...document.body.querySelectorAll("*")].filter(beyond);
  found.push(`scrolls sideways by ${over} px: ${guilty.slice(0, 4).map(name).join(", ")}`);
}
const boxes = [];
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const node = texts.currentNode, parent = node.parentElement;
  if (!node.data.trim() || !parent.checkVisibility({visibilityProperty: true}) || over_the_page(parent)) continue;
  if (parent.closest("script, style, option, textarea")) continue;
  const range = document.createRange();
  range.selectNodeContents(node);
  const edge = clips(parent, ["auto", "scroll", "dots"]);
  for (const {left, right, top, bottom, width, height} of range.getClientRects())
    if (width > 1)
      boxes.push([{left, right: Math.min(right, edge), top, bottom, height}, node.data.trim().slice(0, 30), parent]);
}
for (let i = 0; i < boxes.length; i++) {
  for (let j = i + 1; j < boxes.length; j++) {
    const [a, one, of] = boxes[i], [b, other, at] = boxes[j];
    if (of === at) continue;
    const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (x > 2 && y > Math.min(a.height, b.height) / 3) found.push(`"${one}" lies over "${other}"`);
  }
}
for (const [box, text, parent] of boxes)
  if (box.right > Math.max(clips(parent, ["hidden", "clip"]), box.left) + 1) found.push(`"${text}" is cut off`);
done([...new Set(found)].slice(0, 5));
}));
"""

_PUT = """
const main = document.querySelector("main"), one = document.createElement(arguments[0]);
main.innerHTML = "<h1>A line of text</h1>";
one.textContent = arguments[1];
one.style.cssText = arguments[2];  // the pages' policy takes no style from HTML
main.className = "";
main.append(one);
"""


class Browser:
    def __init__(self, driver: Any, base: str) -> None:
        self.driver, self.base = driver, base

    def sign_in(self, session: str | None, language: str) -> None:
        """As whom, and in which language, the next pages are asked for."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        for name, value in (("sessionid", session), ("django_language", language)):
            if value:
                self.driver.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": self.base})

    def go(self, path: str) -> None:
        self.driver.get(self.base + path)

    def look(self, width: int, theme: str) -> None:
        sizes = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", sizes)
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": theme},
                          {"name": "prefers-reduced-motion", "value": "reduce"}]},
        )  # fmt: skip

    def unfold(self) -> None:
        """Opens all that can be opened, as somebody does who reads everything."""
        self.driver.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")

    def put(self, tag: str, text: str, style: str) -> None:
        """One element in place of all that the page's main part holds, below a line of text."""
        self.driver.execute_script(_PUT, tag, text, style)

    def measured(self) -> list[str]:
        """What is wrong with the page at rest: on a busy machine it is seen while its scripts still lay it out."""
        found = list(self.driver.execute_async_script(_MEASURE))
        for _ in range(AGAIN if found else 0):
            time.sleep(AGAIN_S)
            found = [fault for fault in self.driver.execute_async_script(_MEASURE) if fault in found]
        return found

    def audited(self) -> list[str]:
        return list(self.driver.execute_async_script(_AXE, RULES))


@contextmanager
def chromium(base: str) -> Iterator[Browser]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    with tempfile.TemporaryDirectory(prefix="portvakt-chromium-") as folder:
        for flag in (*FLAGS, f"--user-data-dir={folder}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options, Service(DRIVER))
        try:
            driver.set_script_timeout(60)
            axe = (npm.path("axe-core") / "axe.min.js").read_text(encoding="utf-8")
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": axe})
            yield Browser(driver, base)
        finally:
            driver.quit()
