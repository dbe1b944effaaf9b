"""The table of contents of the pages: every blueprint that `create_app` registers."""

from flask import Blueprint

from api.web import account, public

BLUEPRINTS: tuple[Blueprint, ...] = (public.pages, account.pages)
