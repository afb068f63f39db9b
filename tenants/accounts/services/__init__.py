"""What other parts may ask of accounts."""

from tenants.accounts.services.credentials import (
    ask_email_change,
    ask_reset,
    ask_verification,
    change_password,
    open_email_link,
    reset_password,
    send_verification,
)
from tenants.accounts.services.ending import end_other_sessions, end_session, end_sessions, row_of
from tenants.accounts.services.factors import (
    change_recorded,
    clear_factors,
    factors_of,
    has_factor,
    secrets_of,
)
from tenants.accounts.services.limits import (
    FACTOR,
    FACTOR_ADDRESS,
    INVITE,
    INVITE_AGAIN,
    LINK_ADDRESS,
    allow,
    forget,
    give_back,
)
from tenants.accounts.services.opening import half_signed_in, note_try, open_session, shown_so_far
from tenants.accounts.services.policy import lacks_factor, require_second_factor, second_factor_for
from tenants.accounts.services.signing_in import (
    HANDOFF_SALT,
    issue_handoff,
    spend_handoff,
    verify_password,
)
from tenants.accounts.services.stepping_up import by_password, prove, proved_until, ways
from tenants.accounts.services.users import (
    change_email,
    check_email,
    check_new_password,
    create_user,
    mark_verified,
    reactivate_user,
    set_password,
    update_user,
)

__all__ = [
    "FACTOR",
    "FACTOR_ADDRESS",
    "HANDOFF_SALT",
    "INVITE",
    "INVITE_AGAIN",
    "LINK_ADDRESS",
    "allow",
    "ask_email_change",
    "ask_reset",
    "ask_verification",
    "by_password",
    "change_email",
    "change_password",
    "change_recorded",
    "check_email",
    "check_new_password",
    "clear_factors",
    "create_user",
    "end_other_sessions",
    "end_session",
    "end_sessions",
    "factors_of",
    "forget",
    "give_back",
    "half_signed_in",
    "has_factor",
    "issue_handoff",
    "lacks_factor",
    "mark_verified",
    "note_try",
    "open_email_link",
    "open_session",
    "prove",
    "proved_until",
    "reactivate_user",
    "require_second_factor",
    "reset_password",
    "row_of",
    "second_factor_for",
    "secrets_of",
    "send_verification",
    "set_password",
    "shown_so_far",
    "spend_handoff",
    "update_user",
    "verify_password",
    "ways",
]
