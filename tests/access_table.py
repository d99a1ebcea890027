"""Who may open what: one line per URL, held by tests/test_access.py.

A new URL needs a line here, by its name. The lowest role that may use it stands beside it; roles
above may too. For a page that reads with one role and writes with another, make two URLs.
"""

from __future__ import annotations

from tenancy.permissions import Role

OWNER, MANAGER, CLERK, VIEWER = Role.OWNER, Role.MANAGER, Role.CLERK, Role.VIEWER

OPEN = "open to everybody"
SIGNED_IN = "open to everybody who is signed in"

# Pages that belong to no shop.
OUTSIDE = {
    "shops": SIGNED_IN,
    "new_shop": SIGNED_IN,
    "account": SIGNED_IN,
    "leave_shop": SIGNED_IN,
    "invitation": OPEN,  # bound to its link
    "supplier_order": OPEN,  # bound to their link
    "supplier_opened": OPEN,
    "supplier_pdf": OPEN,
    "health_live": OPEN,
    "health_ready": OPEN,
    "health_jobs": OPEN,
    "api_schema": OPEN,
    "api_docs": OPEN,
}

# Pages of a shop: the lowest role.
PAGES = {
    # tenancy
    "settings": OWNER,
    "members": OWNER,
    "change_role": OWNER,
    "remove_member": OWNER,
    "resend_invitation": OWNER,
    "withdraw_invitation": OWNER,
    "tokens": OWNER,
    "revoke_token": OWNER,
    "audit": MANAGER,
    # jobs
    "jobs": MANAGER,
    "job": VIEWER,
    "job_note": VIEWER,
    "job_cancel": MANAGER,
    "job_retry": MANAGER,
    # catalog
    "products": VIEWER,
    "products_file": VIEWER,
    "product_history_file": VIEWER,
    "product": VIEWER,
    "product_new": MANAGER,
    "product_edit": MANAGER,
    "product_state": MANAGER,
    "product_delete": MANAGER,
    "product_picture": VIEWER,
    "families": VIEWER,
    "family": VIEWER,
    "family_edit": MANAGER,
    "suppliers": VIEWER,
    "supplier_new": MANAGER,
    "supplier": MANAGER,
    "warehouses": VIEWER,
    "warehouse_new": MANAGER,
    "warehouse_edit": MANAGER,
    "tax_rates": MANAGER,
    "tax_rate": MANAGER,
    "tax_rate_remove": MANAGER,
    "currency_rates": MANAGER,
    "currency_rate_remove": MANAGER,
    # stock
    "ledger": VIEWER,
    "posting": VIEWER,
    "posting_undo": MANAGER,
    "opening_new": MANAGER,
    "write_off_new": CLERK,
    "correction_new": MANAGER,
    "sales": VIEWER,
    "sale_new": CLERK,
    "return_new": CLERK,
    "receipt_new": CLERK,
    "transfers": VIEWER,
    "transfer_new": CLERK,
    "counts": VIEWER,
    "count_new": CLERK,
    "count_list": CLERK,
    "imports": MANAGER,
    "import_new": MANAGER,
    "import": MANAGER,
    "import_counts": MANAGER,
    "import_columns": MANAGER,
    "import_post": MANAGER,
    "import_undo": MANAGER,
    "import_discard": MANAGER,
    "import_left_out": MANAGER,
    # purchasing
    "orders": VIEWER,
    "order_new": MANAGER,
    "order": VIEWER,
    "order_lines": MANAGER,
    "order_line_add": MANAGER,
    "order_line_back": MANAGER,
    "order_line_remove": MANAGER,
    "order_line_round": MANAGER,
    "order_lines_back": MANAGER,
    "order_change": MANAGER,
    "order_change_undo": MANAGER,
    "order_approve": MANAGER,
    "order_undo": MANAGER,
    "order_send": MANAGER,
    "order_cancel": MANAGER,
    "order_close": MANAGER,
    "order_reopen": MANAGER,
    "order_receive": CLERK,
    "order_receipt_undo": MANAGER,
    "order_confirm": MANAGER,
    "order_accept": MANAGER,
    "order_settings": OWNER,
    "supplier_delivery": MANAGER,
    "order_pdf": MANAGER,
    "expected_goods": CLERK,
    "mails": MANAGER,
    "mail": MANAGER,
    "mail_source": MANAGER,
    "mail_attachment": MANAGER,
    "mail_send": MANAGER,
    # forecasting, replenishment, insights
    "forecasts": VIEWER,
    "run_night": MANAGER,
    "replenish": VIEWER,
    "today": VIEWER,
    "menu": VIEWER,
}

# API of a shop: the lowest role per method; any other method answers 405.
API = {
    "api:products": {"GET": VIEWER, "POST": MANAGER},
    "api:product": {"GET": VIEWER, "PATCH": MANAGER},
    "api:product_history": {"GET": VIEWER},
    "api:warehouses": {"GET": VIEWER, "POST": MANAGER},
    "api:warehouse": {"PATCH": MANAGER},
    "api:tax_rates": {"GET": VIEWER},
    "api:suppliers": {"GET": VIEWER, "POST": MANAGER},
    "api:supplier": {"GET": VIEWER, "PATCH": MANAGER},
    "api:supplier_terms": {"GET": VIEWER, "POST": MANAGER},
    "api:supplier_terms_of": {"DELETE": MANAGER},
    "api:postings": {"GET": VIEWER, "POST": CLERK},
    "api:postings_bulk": {"POST": CLERK},
    "api:posting": {"GET": VIEWER},
    "api:posting_undo": {"POST": MANAGER},
    "api:balances": {"GET": VIEWER},
    "api:low_stock": {"GET": VIEWER},
    "api:commitments": {"GET": VIEWER, "POST": CLERK},
    "api:commitment_release": {"POST": CLERK},
    "api:forecasts": {"GET": VIEWER},
    "api:orders": {"GET": VIEWER, "POST": MANAGER},
    "api:order": {"GET": VIEWER, "PATCH": MANAGER},
    "api:order_pdf": {"GET": MANAGER},
    "api:order_approve": {"POST": MANAGER},
    "api:order_undo": {"POST": MANAGER},
    "api:order_receive": {"POST": CLERK},
    "api:order_confirm": {"POST": MANAGER},
    "api:order_accept": {"POST": MANAGER},
    "api:order_cancel": {"POST": MANAGER},
    "api:order_close": {"POST": MANAGER},
    "api:order_reopen": {"POST": MANAGER},
    "api:jobs": {"GET": VIEWER},
    "api:job": {"GET": VIEWER},
    "api:job_cancel": {"POST": MANAGER},
    "api:job_retry": {"POST": MANAGER},
}

# django-allauth's pages under /accounts/ that a stranger may open; all others ask for a log-in.
ACCOUNTS_OPEN = {
    "account_login",
    "account_signup",
    "account_inactive",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}
