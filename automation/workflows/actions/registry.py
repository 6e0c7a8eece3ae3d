"""Every action, in the order in which an editor offers them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from automation.workflows.actions.action import Action
from automation.workflows.actions.assign_promotion import AssignPromotion
from automation.workflows.actions.award_points import AwardPoints
from automation.workflows.actions.call_generic_api import CallGenericApi
from automation.workflows.actions.create_voucher import CreateVoucher
from automation.workflows.actions.send_event import SendCustomEvent
from automation.workflows.actions.set_consent import SetConsent
from automation.workflows.actions.set_field import SetField
from automation.workflows.actions.set_preference import SetPreference
from automation.workflows.actions.stop import Stop
from automation.workflows.actions.wait import Wait

ACTIONS: Final[Mapping[str, Action]] = MappingProxyType(
    {
        action.key: action
        for action in (
            SetField(),
            SetPreference(),
            SetConsent(),
            AwardPoints(),
            CreateVoucher(),
            AssignPromotion(),
            SendCustomEvent(),
            CallGenericApi(),
            Wait(),
            Stop(),
        )
    }
)
