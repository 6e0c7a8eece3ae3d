from contacts.admin.consents import ConsentDefinitionAdmin
from contacts.admin.contact_fields import ContactFieldAdmin
from contacts.admin.contacts import ContactAdmin
from contacts.admin.erasures import SubjectErasureAdmin
from contacts.admin.imports import ContactImportAdmin
from contacts.admin.loyalty import contact_section  # noqa: F401  # registers itself
from contacts.admin.loyalty.point_definitions import PointDefinitionAdmin
from contacts.admin.loyalty.promotions import PromotionAdmin
from contacts.admin.loyalty.vouchers import RewardVoucherAdmin

__all__ = [
    "ConsentDefinitionAdmin",
    "ContactAdmin",
    "ContactFieldAdmin",
    "ContactImportAdmin",
    "PointDefinitionAdmin",
    "PromotionAdmin",
    "RewardVoucherAdmin",
    "SubjectErasureAdmin",
]
