"""Paying: starting a payment, hearing what became of it, giving money back; by a person, and by itself."""

from dossier_service.usecases.payments.figures import say_nothing
from dossier_service.usecases.payments.hearing import check_payment, read_payment, read_payments
from dossier_service.usecases.payments.reconciling import reconcile_payments
from dossier_service.usecases.payments.starting import start_payment

__all__ = ["check_payment", "read_payment", "read_payments", "reconcile_payments", "say_nothing", "start_payment"]
