from __future__ import annotations

from typing import Final

from config.configuration.consents_section import ConsentsSection
from config.configuration.contact_fields_section import ContactFieldsSection
from config.configuration.custom_integrations_section import CustomIntegrationsSection
from config.configuration.generic_api_section import GenericApiSection
from config.configuration.members_section import MembersSection
from config.configuration.point_definitions_section import PointDefinitionsSection
from config.configuration.promotions_section import PromotionsSection
from config.configuration.publishable_keys_section import PublishableKeysSection
from config.configuration.section import Section
from config.configuration.segments_section import SegmentsSection
from config.configuration.site_section import SiteSection
from config.configuration.sources_section import SourcesSection
from config.configuration.subscriptions_section import SubscriptionsSection
from config.configuration.workflows_section import WorkflowsSection

# In the order of the file and of applying it; the site comes first, because the others need it.
SECTIONS: Final[tuple[Section, ...]] = (
    SiteSection(),
    MembersSection(),
    GenericApiSection(),
    SourcesSection(),
    ContactFieldsSection(),
    ConsentsSection(),
    PointDefinitionsSection(),
    PromotionsSection(),
    # Before the send events: one that a subscription names is not removed.
    SubscriptionsSection(),
    CustomIntegrationsSection(),
    PublishableKeysSection(),
    SegmentsSection(),
    WorkflowsSection(),
)
