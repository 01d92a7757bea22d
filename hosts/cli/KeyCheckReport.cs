using System.Text.Json;
using Keyway.Mp4;

namespace Keyway.Cli;

/// <summary>Whether the keys of a track fit, as a report says it.</summary>
internal static class KeyCheckReport
{
    public static string Words(Mp4KeyCheck check) => $"key check: {(check.Result == Mp4KeyCheckResult.NotPossible ? "not possible" : Word(check.Result))} ({Shown.Text(check.Reason)})";

    /// <summary>Writes the member <c>keyCheck</c>.</summary>
    public static void WriteTo(Utf8JsonWriter json, Mp4KeyCheck? check)
    {
        if (check is null)
        {
            json.WriteNull("keyCheck");
            return;
        }

        json.WriteStartObject("keyCheck");
        json.WriteString("result", Word(check.Result));
        json.WriteString("reason", check.Reason);
        json.WriteEndObject();
    }

    /// <summary>What can be said of a track that was written in parts.</summary>
    public static Mp4KeyCheck? Together(Mp4KeyCheck? one, Mp4KeyCheck? other) => one is null || other?.Result > one.Result ? other : one;

    private static string Word(Mp4KeyCheckResult result) => result switch
    {
        Mp4KeyCheckResult.NotPossible => "not-possible",
        Mp4KeyCheckResult.Fits => "fits",
        _ => "doubtful",
    };
}
