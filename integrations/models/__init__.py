from integrations.models.api_call import ApiCall, Direction, Operation, Outcome, Purpose
from integrations.models.custom_integration import Category, Colour, CustomIntegration, Icon
from integrations.models.generic_api import GenericApi
from integrations.models.generic_api_hour import GenericApiHour

__all__ = [
    "ApiCall",
    "Category",
    "Colour",
    "CustomIntegration",
    "Direction",
    "GenericApi",
    "GenericApiHour",
    "Icon",
    "Operation",
    "Outcome",
    "Purpose",
]
