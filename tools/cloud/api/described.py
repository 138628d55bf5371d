"""An API whose description is put together once."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema


class DescribedOnce(NinjaAPI):
    """What it says of itself never changes while it runs, takes long to make, and anybody may ask for it."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._described: dict[str, OpenAPISchema] = {}

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """To be read, not changed: all who ask get the same one."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        if prefix not in self._described:
            self._described[prefix] = super().get_openapi_schema(path_prefix=prefix)
        return self._described[prefix]
