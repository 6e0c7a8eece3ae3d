"""Accounts and their transactions as rows; several accounts in a handful of statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Min

from common.bulk import insert_rows, rows_as_table, rows_parameter, update_rows
from contacts.loyalty.lots import Lot
from contacts.models import Contact, PointAccount, PointDefinition, PointTransaction

# (primary key of the definition, id of the contact)
AccountKey = tuple[int, UUID]

_TRANSACTION_COLUMNS: Final = tuple(
    field.attname for field in PointTransaction._meta.concrete_fields
)
# Rounded: SQLite adds doubles, and their last digits would drift.
_ADD: Final = (
    "UPDATE contacts_pointaccount AS t SET balance = round(t.balance + v.balance, 4), "
    "expires_at = v.expires_at, updated_at = v.updated_at FROM {table} AS v WHERE t.id = v.id"
)


def contacts_locked(contact_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Lock contacts in the order of their ids; return the site's id of those that are there.

    Held until the end of the transaction: nobody merges or erases them meanwhile.
    """
    rows = Contact.objects.select_for_update(no_key=True)
    found = rows.filter(pk__in=set(contact_ids), deleted_at=None).order_by("pk")
    return dict(found.values_list("pk", "site_id"))


def accounts_locked(keys: Collection[AccountKey]) -> dict[AccountKey, PointAccount]:
    """Lock the accounts of these that exist, in the order of their ids."""
    if not keys:
        return {}
    rows = PointAccount.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(
        definition__in={definition for definition, _ in keys},
        contact__in={contact for _, contact in keys},
    )
    wanted = set(keys)
    return {
        key: account
        for account in found.select_related("definition").order_by("pk")
        if (key := (account.definition_id, account.contact_id)) in wanted
    }


def accounts_opened(
    keys: Mapping[AccountKey, PointDefinition], now: datetime, *, told_by: Mapping[AccountKey, str]
) -> dict[AccountKey, PointAccount]:
    """Lock the accounts of contacts that are locked, and make those that are not there yet."""
    accounts = accounts_locked(keys)
    missing = [key for key in keys if key not in accounts]
    if missing:
        rows = [
            {
                "definition_id": definition_id,
                "contact_id": contact_id,
                "balance": Decimal(0),
                "expires_at": None,
                "told_by": told_by.get((definition_id, contact_id), ""),
                "balance_told_at": None,
                "told_account_id": "",
                "updated_at": now,
            }
            for definition_id, contact_id in missing
        ]
        insert_rows(connection, PointAccount, rows, conflict="ON CONFLICT DO NOTHING")
        accounts |= accounts_locked(missing)
    for key, account in accounts.items():
        account.definition = keys[key]
    return accounts


def balances_add(
    accounts: Iterable[PointAccount], added: Mapping[int, Decimal], now: datetime
) -> None:
    """Add to the stored balances by account; `expires_at` of each becomes what it is here."""
    rows = []
    for account in accounts:
        account.updated_at = now
        rows.append(
            {
                "id": account.pk,
                "balance": added[account.pk],
                "expires_at": account.expires_at,
                "updated_at": now,
            }
        )
    if rows:
        table = rows_as_table(
            connection, PointAccount, ("id", "balance", "expires_at", "updated_at")
        )
        with connection.cursor() as cursor:
            cursor.execute(_ADD.format(table=table), [rows_parameter(rows)])


def transactions_write(transactions: Sequence[PointTransaction]) -> None:
    rows = [
        {name: getattr(transaction, name) for name in _TRANSACTION_COLUMNS}
        for transaction in transactions
    ]
    insert_rows(connection, PointTransaction, rows)


def transactions_known(
    accounts: Iterable[PointAccount], source_key: str, source_ids: Collection[str]
) -> dict[tuple[int, str], PointTransaction]:
    """Return what accounts have of a sender under these ids of its own, by account and id."""
    by_id = {account.pk: account for account in accounts}
    wanted = {each for each in source_ids if each}
    if not by_id or not wanted:
        return {}
    found = PointTransaction.objects.filter(
        account__in=by_id, source_key=source_key, source_id__in=wanted
    )
    known = {(each.account_id, each.source_id): each for each in found}
    for transaction in known.values():
        transaction.account = by_id[transaction.account_id]
    return known


def open_lots(
    account_ids: Collection[int], *, until: datetime | None = None
) -> dict[int, list[Lot]]:
    """Return the lots that have something left, by account; with `until` those expired by then."""
    rows = PointTransaction.objects.filter(account__in=account_ids, remaining__gt=0)
    if until is not None:
        rows = rows.filter(expires_at__lte=until)
    lots: dict[int, list[Lot]] = {}
    columns = ("account_id", "pk", "remaining", "expires_at", "occurred_at")
    for account_id, pk, remaining, expires_at, occurred_at in rows.values_list(*columns):
        lot = Lot(id=pk, remaining=remaining, expires_at=expires_at, occurred_at=occurred_at)
        lots.setdefault(account_id, []).append(lot)
    return lots


def lots_write(lots: Iterable[Lot]) -> None:
    rows: list[dict[str, Any]] = [{"id": lot.id, "remaining": lot.remaining} for lot in lots]
    update_rows(connection, PointTransaction, rows, columns=("remaining",))


def next_expiries(account_ids: Collection[int]) -> dict[int, datetime]:
    """Return when points of each account expire next; those whose points do not are left out."""
    rows = PointTransaction.objects.filter(
        account__in=account_ids, remaining__gt=0, expires_at__isnull=False
    )
    found = rows.values("account_id").annotate(next=Min("expires_at")).order_by()
    return {row["account_id"]: row["next"] for row in found}
