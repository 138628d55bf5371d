// Saves the text of the page as a file, without sending it anywhere.

const button = document.getElementById("save");
const text = document.getElementById("settings");

button.hidden = false;
button.addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text.value], { type: "application/json" }));
  link.download = button.dataset.name;
  link.click();
  URL.revokeObjectURL(link.href);
});
