"""The HTTP door: one kind of app, one kind of error, paging, caching, live events and calls to other apps."""

from kernel.web.app import make_app
from kernel.web.body import Body
from kernel.web.caching import etagged
from kernel.web.paging import Page, PageCursor, PageSize, decode_cursor, encode_cursor, moment_and_id
from kernel.web.problems import Language, problem_response
from kernel.web.running import Running
from kernel.web.sse import ServerEvent, sse
from kernel.web.upstream import AsgiUpstream, HttpUpstream, Reply, StreamReply, Upstream

__all__ = [
    "AsgiUpstream",
    "Body",
    "HttpUpstream",
    "Language",
    "Page",
    "PageCursor",
    "PageSize",
    "Reply",
    "Running",
    "ServerEvent",
    "StreamReply",
    "Upstream",
    "decode_cursor",
    "encode_cursor",
    "etagged",
    "make_app",
    "moment_and_id",
    "problem_response",
    "sse",
]
