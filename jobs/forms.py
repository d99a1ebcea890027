from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.models import Job


class JobFilter(forms.Form):
    state = forms.ChoiceField(label=_("State"), choices=[("", _("All")), *Job.State.choices], required=False)
