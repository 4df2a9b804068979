"""rosbridge on loopback and the agent beside it, on the robot's own computer (ROS 2).

ros2 launch launch/goat.launch.py config:=launch/stretch.yaml goal:="text:the blue chair"
ros2 launch launch/goat.launch.py config:=launch/stretch.yaml viewer:=viser

The robot's drivers are started by their own launch files, which the presets name. When the agent
ends, the bridge ends with it.
"""

from launch.actions import DeclareLaunchArgument, ExecuteProcess, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchDescription

_ARGUMENTS = {
    "config": ("", "YAML file that describes the robot, such as launch/stretch.yaml"),
    "goal": ("", 'first goal: "category:sofa", "text:the blue chair" or "image:photo.jpg"'),
    "viewer": ("viser", "none, viser (the operator's page) or rerun"),
    "detector": ("grounding-dino", "a name that `goat list` prints"),
    "goat": ("goat", "the program, for example .venv/bin/goat"),
    "port": ("9090", "of rosbridge"),
}


def generate_launch_description() -> LaunchDescription:
    """Return what `ros2 launch` starts."""
    told = [
        DeclareLaunchArgument(name, default_value=default, description=what)
        for name, (default, what) in _ARGUMENTS.items()
    ]
    port = LaunchConfiguration("port")
    bridge = Node(
        package="rosbridge_server",
        executable="rosbridge_websocket",
        parameters=[
            {
                "port": port,
                "address": "127.0.0.1",
                "send_action_goals_in_new_thread": True,
                "call_services_in_new_thread": True,
            }
        ],
        on_exit=Shutdown(reason="rosbridge has ended"),
    )
    services = Node(package="rosapi", executable="rosapi_node")
    command = [
        LaunchConfiguration("goat"), "robot", "drive",
        "--config", LaunchConfiguration("config"),
        "--bridge", ["ws://127.0.0.1:", port],
        "--goal", LaunchConfiguration("goal"),
        "--viewer", LaunchConfiguration("viewer"),
        "--detector", LaunchConfiguration("detector"),
    ]  # fmt: skip
    agent = ExecuteProcess(
        cmd=command, output="screen", on_exit=Shutdown(reason="the agent has ended")
    )
    return LaunchDescription([*told, bridge, services, agent])
