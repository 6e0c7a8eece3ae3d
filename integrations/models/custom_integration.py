from __future__ import annotations

from django.db import models

from sites.models import Site


class Colour(models.TextChoices):
    """A palette instead of any colour: each has a light and a dark shade that can be read."""

    TEAL = "teal", "Teal"
    BLUE = "blue", "Blue"
    INDIGO = "indigo", "Indigo"
    PURPLE = "purple", "Purple"
    PINK = "pink", "Pink"
    RED = "red", "Red"
    ORANGE = "orange", "Orange"
    AMBER = "amber", "Amber"
    GREEN = "green", "Green"
    GREY = "grey", "Grey"


class Category(models.TextChoices):
    ERP = "erp", "ERP"
    SHOP = "shop", "Shop"
    STORE = "store", "Point of sale"
    CRM = "crm", "CRM"
    LOYALTY = "loyalty", "Loyalty"
    SURVEY = "survey", "Survey"
    SUPPORT = "support", "Support"
    OTHER = "other", "Other"


class Icon(models.TextChoices):
    PLUG = "plug", "Plug"
    BOX = "box", "Box"
    CART = "cart", "Cart"
    SHOP = "shop", "Shop"
    PERSON = "person", "Person"
    STAR = "star", "Star"
    CHAT = "chat", "Speech bubble"
    PHONE = "phone", "Phone"


class CustomIntegration(models.Model):
    """A named group of reception events and send events (Connectif: *Integrations > Custom*)."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="custom_integrations")
    name = models.CharField(max_length=120)
    colour = models.CharField(max_length=10, choices=Colour.choices, default=Colour.TEAL)
    description = models.TextField(max_length=1000, blank=True, default="")
    category = models.CharField(max_length=10, choices=Category.choices, default=Category.OTHER)
    icon = models.CharField(max_length=10, choices=Icon.choices, default=Icon.PLUG)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("site", "name")
        constraints = [
            models.UniqueConstraint(
                fields=("site", "name"), name="custom_integration_name_once_per_site"
            ),
            *(
                models.CheckConstraint(
                    name=f"custom_integration_{field}_known",
                    condition=models.Q(**{f"{field}__in": values}),
                )
                for field, values in (
                    ("colour", Colour.values),
                    ("category", Category.values),
                    ("icon", Icon.values),
                )
            ),
        ]

    def __str__(self) -> str:
        return self.name
