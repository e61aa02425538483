"""The programs of the OpenGL renderer. Colours are as in `sky.py`; the picture's rows run downwards, as in arrays."""

from __future__ import annotations

VERTEX = """
#version 430
in vec3 point;
in vec3 normal;
in vec4 colour;
in vec4 turn;
in vec3 place;
in int tag;
uniform mat4 lens;
uniform vec3 sun;
uniform vec2 light;
out vec3 shade;
flat out int label;
vec3 turned(vec3 v) { return v + 2.0 * cross(turn.xyz, cross(turn.xyz, v) + turn.w * v); }
void main() {
    gl_Position = lens * vec4(turned(point) + place, 1.0);
    shade = colour.rgb * (light.x + light.y * max(dot(turned(normal), sun), 0.0));
    label = tag;
}
"""

FRAGMENT = """
#version 430
in vec3 shade;
flat in int label;
uniform float extinction;
uniform vec3 fog;
uniform vec4 intrinsics;
layout(location = 0) out vec4 colour;
#ifdef LABELS
layout(location = 1) out float depth;
layout(location = 2) out int tag;
#endif
void main() {
    vec3 seen = min(shade, 1.0);
    if (extinction > 0.0) {
        float away = length(vec3((gl_FragCoord.xy - intrinsics.zw) / intrinsics.xy, 1.0)) / gl_FragCoord.w;
        seen = mix(fog, seen, exp(-extinction * away));
    }
    colour = vec4(seen, 1.0);
#ifdef LABELS
    depth = 1.0 / gl_FragCoord.w;
    tag = label;
#endif
}
"""

SKY_VERTEX = """
#version 430
const vec2 corners[3] = vec2[](vec2(-1.0, -1.0), vec2(-1.0, 3.0), vec2(3.0, -1.0));
void main() { gl_Position = vec4(corners[gl_VertexID], 1.0, 1.0); }
"""

SKY_FRAGMENT = """
#version 430
uniform vec4 intrinsics;
uniform vec3 upwards;
uniform vec3 horizon;
uniform vec3 zenith;
layout(location = 0) out vec4 colour;
#ifdef LABELS
layout(location = 1) out float depth;
layout(location = 2) out int tag;
#endif
void main() {
    vec3 ray = vec3((gl_FragCoord.xy - intrinsics.zw) / intrinsics.xy, 1.0);
    float share = sqrt(clamp(dot(upwards, ray) / length(ray), 0.0, 1.0));
    colour = vec4(mix(horizon, zenith, share), 1.0);
#ifdef LABELS
    depth = uintBitsToFloat(0x7F800000u);
    tag = 0;
#endif
}
"""


def with_labels(program: str) -> str:
    """The program that also writes depth and labels."""
    return program.replace("#version 430", "#version 430\n#define LABELS")
