from contacts.models.activity import Activity
from contacts.models.consent_definition import ConsentChange, ConsentDefinition, ConsentText
from contacts.models.contact import Contact, ContactSourceId
from contacts.models.contact_field import ContactField
from contacts.models.permission import Consent, EmailListStatus, Preference
from contacts.models.points import PointAccount, PointDefinition, PointTransaction
from contacts.models.promotion import Promotion, PromotionAssignment
from contacts.models.revision import ContactMerge, ContactRevision
from contacts.models.subject_erasure import SubjectErasure
from contacts.models.transfer import ContactFile, ContactFilePart, ContactImport
from contacts.models.voucher import RewardVoucher

__all__ = [
    "Activity",
    "Consent",
    "ConsentChange",
    "ConsentDefinition",
    "ConsentText",
    "Contact",
    "ContactField",
    "ContactFile",
    "ContactFilePart",
    "ContactImport",
    "ContactMerge",
    "ContactRevision",
    "ContactSourceId",
    "EmailListStatus",
    "PointAccount",
    "PointDefinition",
    "PointTransaction",
    "Preference",
    "Promotion",
    "PromotionAssignment",
    "RewardVoucher",
    "SubjectErasure",
]
