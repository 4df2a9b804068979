"""With this folder and `tests` on the path, `import habitat_sim` gives the fake."""

import sys

import fake_habitat_sim

sys.modules[__name__] = fake_habitat_sim
