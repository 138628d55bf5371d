"""Who is signed in: kept by the hash of what the browser holds, with whose it is and when it was last used.

A copy of the database signs nobody in. A session ends when it has not been used for SESSION_IDLE, and after
SESSION_COOKIE_AGE seconds in any case.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as Kept
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

BEGAN = "began"  # in a session's data: Unix seconds
VOUCHED = "vouched_by"  # ... and the number of who made the link that opened it
PROVIDER = "provider_session"  # ... and the mark of the one at the provider (openid.session_of)
USED_S = 60  # that somebody is here is written at most so often


def hashed(key: str) -> str:
    """A session's key is 32 random letters: no salt makes it harder to guess."""
    return sha256(key.encode()).hexdigest()


class SessionStore(Kept):
    """Django's, in the table of models/accounts.py."""

    @classmethod
    def get_model_class(cls) -> Any:
        from .models import Session

        return Session

    def _get_session_from_db(self) -> Any:
        row = self.model.living().filter(session_key=hashed(self.session_key or "")).first()
        if row is None:
            self._session_key = None
        self.used_at = row and row.used_at
        return row

    async def _aget_session_from_db(self) -> Any:
        return await sync_to_async(self._get_session_from_db)()

    def exists(self, session_key: str) -> bool:
        return bool(self.model.objects.filter(session_key=hashed(session_key)).exists())

    async def aexists(self, session_key: str) -> bool:
        return await sync_to_async(self.exists)(session_key)

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        now = timezone.now()
        began = datetime.fromtimestamp(data.setdefault(BEGAN, int(now.timestamp())), tz=now.tzinfo)
        return self.model(
            session_key=hashed(self._get_or_create_session_key()),
            session_data=self.encode(data),
            expire_date=began + timedelta(seconds=settings.SESSION_COOKIE_AGE),
            user_id=data.get(SESSION_KEY),
            began_at=began,
            used_at=now,
            vouched_by_id=data.get(VOUCHED),
            provider_session=data.get(PROVIDER, ""),
        )

    async def acreate_model_instance(self, data: dict[str, Any]) -> Any:
        return await sync_to_async(self.create_model_instance)(data)

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            self.model.objects.filter(session_key=hashed(key)).delete()

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)

    @classmethod
    def clear_expired(cls) -> None:
        cls.get_model_class().over().delete()

    def note_use(self) -> None:
        """A request has come in this session."""
        now = timezone.now()
        used_at = getattr(self, "used_at", None)
        if used_at is not None and self.session_key and now - used_at >= timedelta(seconds=USED_S):
            self.model.objects.filter(session_key=hashed(self.session_key)).update(used_at=now)


class Middleware(SessionMiddleware):
    """Notes the use of a session; but not where a page follows by itself (STREAMS): a screen left on is no use."""

    STREAMS = "/stream"

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        session: Any = request.session
        if session.accessed and not request.path.endswith(self.STREAMS):
            session.note_use()
        answer: HttpResponseBase = super().process_response(request, response)
        return answer
