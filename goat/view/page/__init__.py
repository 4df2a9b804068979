"""The page on which an operator watches the robot and tells it where to go, served by viser."""

from goat.view.page.page import OperatorPage

__all__ = ["OperatorPage"]
