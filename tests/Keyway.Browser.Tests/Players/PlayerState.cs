using System.Text.Json.Serialization;

namespace Keyway.Browser.Players;

/// <summary>What <c>state()</c> of the player's page says.</summary>
/// <param name="Begun">The media's time at which playing began, in seconds; below zero: it has not begun.</param>
/// <param name="Time">The media's time now, in seconds.</param>
/// <param name="Ended">Whether it has come to its end.</param>
/// <param name="Frames">How many frames were decoded, those that were too late to be shown among them.</param>
/// <param name="Sound">How many bytes of audio were decoded.</param>
/// <param name="Keys">The keys that have been usable, 32 lower-case hexadecimal digits each.</param>
/// <param name="Errors">What the player and the browser complained about.</param>
internal sealed record PlayerState(
    [property: JsonPropertyName("begun")] double Begun,
    [property: JsonPropertyName("time")] double Time,
    [property: JsonPropertyName("ended")] bool Ended,
    [property: JsonPropertyName("frames")] int Frames,
    [property: JsonPropertyName("sound")] long Sound,
    [property: JsonPropertyName("keys")] string[] Keys,
    [property: JsonPropertyName("errors")] string[] Errors);
