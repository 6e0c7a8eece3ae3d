"""Which files a request may bring; first of `FILE_UPLOAD_HANDLERS`."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from contacts.transfer.importing import LARGEST_FILE

# The largest file that anything here takes, and the rest of its form.
MOST_BYTES: Final = LARGEST_FILE + 1024 * 1024


class UploadLimit(FileUploadHandler):
    """Takes files of who is logged in, up to what an import may have.

    Django writes files of any size to the disk, and of anybody: looking for the token against
    forged requests reads the whole body, long before a view says what it wants of it.
    """

    _request_bytes = 0

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - the name of the parameter is the parent's
        content_length: int,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        self._request_bytes = content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated or self._request_bytes > MOST_BYTES:
            raise RequestDataTooBig("This request may bring no such file.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
