"""Words for what this app writes into the audit."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

ACTIONS = {
    "shop.created": gettext_lazy("Shop created"),
    "shop.settings": gettext_lazy("Settings changed"),
    "member.role_changed": gettext_lazy("Role changed"),
    "member.removed": gettext_lazy("Member removed"),
    "invitation.sent": gettext_lazy("Invitation sent"),
    "invitation.sent_again": gettext_lazy("Invitation sent again"),
    "invitation.withdrawn": gettext_lazy("Invitation withdrawn"),
    "invitation.accepted": gettext_lazy("Invitation accepted"),
    "token.created": gettext_lazy("Token created"),
    "token.revoked": gettext_lazy("Token revoked"),
    "admin.act_in_shop": gettext_lazy("Operator entered the shop"),
    "admin.leave_shop": gettext_lazy("Operator left the shop"),
}
