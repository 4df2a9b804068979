"""What a recording calls its topics and frames: those of `goat robot sim`, and a few of our own."""

from __future__ import annotations

COLOR = "/camera/color/image_raw/compressed"
DEPTH = "/camera/aligned_depth_to_color/image_raw/compressedDepth"
CAMERA_INFO = "/camera/color/camera_info"
SEMANTIC = "/camera/semantic/image_raw"
LABELS = "/camera/semantic/labels"
ODOMETRY = "/odom"
TF = "/tf"
TF_STATIC = "/tf_static"
MAP = "/map"
PATH = "/goat/path"
INSTANCES = "/goat/instances"
GOAL = "/goat/goal"
PHOTO = "/goat/goal/photo/compressed"
NOTE = "/goat/note"

KINDS = {
    COLOR: "sensor_msgs/msg/CompressedImage",
    DEPTH: "sensor_msgs/msg/CompressedImage",
    CAMERA_INFO: "sensor_msgs/msg/CameraInfo",
    SEMANTIC: "sensor_msgs/msg/Image",
    LABELS: "std_msgs/msg/String",
    ODOMETRY: "nav_msgs/msg/Odometry",
    TF: "tf2_msgs/msg/TFMessage",
    TF_STATIC: "tf2_msgs/msg/TFMessage",
    MAP: "nav_msgs/msg/OccupancyGrid",
    PATH: "nav_msgs/msg/Path",
    INSTANCES: "visualization_msgs/msg/MarkerArray",
    GOAL: "std_msgs/msg/String",
    PHOTO: "sensor_msgs/msg/CompressedImage",
    NOTE: "std_msgs/msg/String",
}
"""Topic -> message type."""

FRAME_MAP = "map"
FRAME_ODOM = "odom"
FRAME_BASE = "base_link"
FRAME_OPTICAL = "camera_color_optical_frame"
