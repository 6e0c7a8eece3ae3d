from integrations.models.api_call import ApiCall, Direction, Operation, Outcome, Purpose
from integrations.models.generic_api import GenericApi
from integrations.models.generic_api_hour import GenericApiHour

__all__ = [
    "ApiCall",
    "Direction",
    "GenericApi",
    "GenericApiHour",
    "Operation",
    "Outcome",
    "Purpose",
]
