"""Files of contacts on their way to the person whose they are."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from contacts.models import ContactFile
from contacts.transfer.files import whole_text
from sites.audit import Actor, audit_record

_ENDING: Final = ".csv"


def file_response(request: HttpRequest, file: ContactFile | None) -> StreamingHttpResponse:
    """Send the file and note it in the audit log; for anybody but its owner there is none.

    No cache keeps it: the console's pages all say so.
    """
    if file is None or file.owner_id is None or file.owner_id != request.user.pk:
        raise Http404("No file of yours.")
    audit_record(
        actor=Actor.from_request(request),
        action=f"contact_{file.kind}.downloaded",
        site=file.site,
        target=file,
    )
    name = file.name if file.name.lower().endswith(_ENDING) else file.name + _ENDING
    disposition = content_disposition_header(as_attachment=True, filename=name)
    return StreamingHttpResponse(
        (part.encode() for part in whole_text(file)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition or "attachment"},
    )
