"""The programs of the OpenGL renderer. Colours are as in `sky.py`; the picture's rows run downwards, as in arrays.

LABELS writes depth and labels too; MOOD is light other than a clear day's, by the formulas of `light.py` and `developing.py`.
"""

from __future__ import annotations

from alpasim.world.rendering.light import MOST_LAMPS

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
#ifdef MOOD
in float glow;
out vec3 where;
flat out float own;
#endif
vec3 turned(vec3 v) { return v + 2.0 * cross(turn.xyz, cross(turn.xyz, v) + turn.w * v); }
void main() {
    gl_Position = lens * vec4(turned(point) + place, 1.0);
    shade = colour.rgb * (light.x + light.y * max(dot(turned(normal), sun), 0.0));
    label = tag;
#ifdef MOOD
    where = turned(point) + place;
    own = glow;
    if (glow > 0.5) shade = colour.rgb;
#endif
}
"""

MOOD = """
#ifdef MOOD
uniform vec3 sun_seen;
uniform vec3 veil_colour;
uniform vec2 air;
vec3 veiled(vec3 seen, vec3 ray) {
    seen = fog + (seen - fog) * air.x;
    if (air.y > 0.0) {
        float angle = max(degrees(acos(clamp(dot(normalize(ray), sun_seen), -1.0, 1.0))), 1.0);
        float ratio = air.y * air.y / (angle * angle);
        seen = mix(seen, veil_colour, ratio / (1.0 + ratio));
    }
    return seen;
}
#endif
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
//MOOD
#ifdef MOOD
in vec3 where;
flat in float own;
uniform vec3 tint;
uniform vec3 beam;
uniform vec4 shape;
uniform vec2 cut;
uniform vec3 lamp[LAMPS];
uniform vec3 forward[LAMPS];
uniform vec3 upward[LAMPS];
uniform int lamps;
float lit() {
    float level = beam.x;
    for (int i = 0; i < lamps; i++) {
        vec3 away = where - lamp[i];
        float ahead = dot(away, forward[i]);
        float far = dot(away, away);
        if (ahead < 0.05 || far > beam.z * beam.z) continue;
        float up = dot(away, upward[i]) / ahead;
        float side = dot(away, cross(upward[i], forward[i])) / ahead;
        float bright = min(beam.y * beam.y / far, 1.0) * (1.0 - far / (beam.z * beam.z)) * exp(-side * side * shape.x);
        if (up < 0.0) bright *= exp(-up * up * shape.y);
        level += bright * mix(1.0, shape.z, smoothstep(cut.x, cut.y, up));
    }
    return pow(min(level, 1.0), shape.w);
}
#endif
void main() {
    vec3 seen = min(shade, 1.0);
#ifdef MOOD
    if (own < 0.5) seen *= tint * lit();
#endif
    if (extinction > 0.0) {
        float away = length(vec3((gl_FragCoord.xy - intrinsics.zw) / intrinsics.xy, 1.0)) / gl_FragCoord.w;
        seen = mix(fog, seen, exp(-extinction * away));
    }
#ifdef MOOD
    seen = veiled(seen, vec3((gl_FragCoord.xy - intrinsics.zw) / intrinsics.xy, 1.0));
#endif
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
#ifdef MOOD
uniform vec3 fog;
#endif
//MOOD
void main() {
    vec3 ray = vec3((gl_FragCoord.xy - intrinsics.zw) / intrinsics.xy, 1.0);
    float share = sqrt(clamp(dot(upwards, ray) / length(ray), 0.0, 1.0));
    vec3 seen = mix(horizon, zenith, share);
#ifdef MOOD
    seen = veiled(seen, ray);
#endif
    colour = vec4(seen, 1.0);
#ifdef LABELS
    depth = uintBitsToFloat(0x7F800000u);
    tag = 0;
#endif
}
"""


def program(source: str, labels: bool, mood: bool) -> str:
    """The program that also writes depth and labels, and the one for light other than a clear day's."""
    words = [word for word, chosen in (("LABELS", labels), ("MOOD", mood)) if chosen]
    head = "\n".join(["#version 430", f"#define LAMPS {MOST_LAMPS}", *(f"#define {word}" for word in words)])
    return source.replace("#version 430", head).replace("//MOOD", MOOD)
