"""The model's words and the wire's numbers."""

from dossier_service.model.states import AskKind, AskState, RequestKind, RequestState, State
from proto.exchange.v1 import exchange_pb2 as wire

STATES = {
    State.SUBMITTED: wire.SUBMITTED,
    State.ACCEPTED: wire.ACCEPTED,
    State.PROCESSING: wire.PROCESSING,
    State.DECIDED: wire.DECIDED,
    State.RETURNED: wire.RETURNED,
    State.REFUSED: wire.REFUSED,
    State.WITHDRAWN: wire.WITHDRAWN,
    State.STOPPED: wire.STOPPED,
}
ASK_KINDS = {AskKind.PAPERS: wire.PAPERS, AskKind.MONEY: wire.MONEY, AskKind.CONFIRM: wire.CONFIRM}
ASK_STATES = {
    AskState.OPEN: wire.OPEN,
    AskState.MET: wire.MET,
    AskState.LAPSED: wire.LAPSED,
    AskState.DROPPED: wire.DROPPED,
}
REQUEST_KINDS = {
    RequestKind.SUPPLEMENT: wire.SUPPLEMENT,
    RequestKind.PAYMENT: wire.PAYMENT,
    RequestKind.CONFIRMATION: wire.CONFIRMATION,
    RequestKind.WITHDRAWAL: wire.WITHDRAWAL,
}
VERDICTS = {
    RequestState.ACCEPTED: wire.VERDICT_ACCEPTED,
    RequestState.DECLINED: wire.VERDICT_DECLINED,
    RequestState.CLOSED: wire.VERDICT_CLOSED,
}
UNITS = {"working_days": wire.WORKING_DAYS, "days": wire.DAYS, "hours": wire.HOURS}

STATE_OF: dict[int, State] = {number: state for state, number in STATES.items()}
ASK_KIND_OF: dict[int, AskKind] = {number: kind for kind, number in ASK_KINDS.items()}
ASK_STATE_OF: dict[int, AskState] = {number: state for state, number in ASK_STATES.items()}
VERDICT_OF: dict[int, RequestState] = {number: verdict for verdict, number in VERDICTS.items()}
UNIT_OF: dict[int, str] = {number: unit for unit, number in UNITS.items()}
