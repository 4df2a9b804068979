"""Few-shot imitation for any body: the Meta-Controller, its demonstrations and its evaluation.

Importing it makes its tasks known to Gymnasium: `gymnasium.make("meta_controller/walker-walk-v0")`.
"""

from meta_controller.registration import register

register()
