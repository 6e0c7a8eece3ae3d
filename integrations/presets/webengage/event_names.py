"""The backend names of WebEngage's events, which its webhooks carry.

Source: WebEngage documentation, page *System event name updates: complete reference*. The list
grows: a name outside it is accepted.
"""

from __future__ import annotations

import re
from typing import Final

from integrations.preset import EventTypeInfo

FEEDBACK: Final = "FEEDBACK_SUBMIT"
FEEDBACK_REPLY: Final = "FEEDBACK_REPLY_SUBMIT"
SURVEY_RESPONSE: Final = "SURVEY_RESPONSE_SUBMIT"

# A hook on one of these can be saved at WebEngage and never fires.
NEVER_SENT: Final = frozenset(
    (
        "app_installed",
        "app_upgraded",
        "app_crashed",
        "app_uninstalled",
        "user_logged_in",
        "user_logged_out",
        "user_session_started",
    )
)

_FORMS_AND_JOURNEYS: Final = {
    FEEDBACK: "A visitor submitted feedback.",
    FEEDBACK_REPLY: "A reply was posted to a feedback thread; holds all replies so far.",
    SURVEY_RESPONSE: "A visitor submitted a survey response.",
    "journey_created": "A journey was created. The name is not published.",
    "journey_updated": "A journey was updated. The name is not published.",
    "journey_activated": "A journey was published.",
    "journey_deleted": "A journey was deleted. The name is not published.",
}

_BY_CHANNEL: Final = {
    "E-mail": """
        email_queued email_accepted email_sent email_rejected email_discarded email_bounce
        email_delivered email_open email_click email_unsubscribe email_resubscribe email_spam
        email_complaint email_control_group email_attempted email_processed email_abusereport""",
    "SMS": """
        sms_queued sms_accepted sms_sent sms_rejected sms_failed sms_click sms_control_group""",
    "WhatsApp": """
        whatsapp_queued whatsapp_accepted whatsapp_sent whatsapp_rejected whatsapp_failed
        whatsapp_read whatsapp_click whatsapp_control_group""",
    "RCS": """
        rcs_queued rcs_accepted rcs_delivered rcs_rejected rcs_failed rcs_read rcs_click
        rcs_control_group rcs_control_attempted""",
    "Viber": """
        viber_queued viber_accepted viber_sent viber_rejected viber_failed viber_read viber_click
        viber_control_group""",
    "Push": """
        push_notification_queued gcm_notification_response push_notification_accepted
        push_notification_rejected push_notification_received push_notification_view
        push_notification_click push_notification_close push_notification_failed
        push_notification_item_view push_notification_rating_submitted gcm_registered
        apns_registration_failed push_notification_registered push_notification_unregistered
        push_notification_control_group""",
    "Web push": """
        push_notification_window_view push_notification_window_denied
        push_notification_window_allowed push_notification_prompt_view
        push_notification_prompt_allowed push_notification_prompt_denied
        push_notification_subscribe_notification_allowed""",
    "On-site and in-app": """
        notification_view notification_click notification_close notification_abs_view
        notification_control_group""",
    "Inbox": """
        inbox_notification_sent inbox_notification_view inbox_notification_click
        inbox_notification_read inbox_notification_unread inbox_notification_close
        inbox_notification_delete inbox_notification_control_group""",
    "Feedback and survey": """
        feedback_view feedback_close feedback_submit survey_view survey_close survey_complete
        survey_submit survey_abs_view""",
    "Personalisation": """
        web_personalization_view web_personalization_click web_personalization_control_group
        app_personalization_view app_personalization_click app_personalization_failed
        app_personalization_received app_personalization_control_group""",
    "Conversion": "goal_accomplish",
}

EVENT_TYPES: Final = (
    *(EventTypeInfo(id=name, description=text) for name, text in _FORMS_AND_JOURNEYS.items()),
    *(
        EventTypeInfo(id=name, description=f"{channel} event of a campaign.")
        for channel, names in _BY_CHANNEL.items()
        for name in names.split()
    ),
)


def clean_event_names(value: str) -> str:
    """Return names separated by ", "; raises ValueError for one that never comes."""
    names = list(dict.fromkeys(name for name in re.split(r"[\s,;]+", value) if name))
    impossible = [name for name in names if name in NEVER_SENT]
    if impossible:
        raise ValueError(
            f"WebEngage never sends {', '.join(impossible)} by webhook, so this source would stay "
            "silent. Remove the name, or choose another event."
        )
    return ", ".join(names)
