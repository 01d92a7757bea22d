using System.Globalization;
using System.Text.Json;
using Keyway.Mp4;

namespace Keyway.Cli;

/// <summary>Whether the keys of a track fit, as a report says it.</summary>
internal static class KeyCheckReport
{
    /// <summary>One line; where the samples were too few to know, with how many they were.</summary>
    public static string Words(Mp4TrackSummary track)
    {
        Mp4KeyCheck check = track.KeyCheck!;
        string looked = "";
        if (check.Result is Mp4KeyCheckResult.TooLittle or Mp4KeyCheckResult.Doubtful)
        {
            long samples = 0, bytes = 0;
            for (int i = 0; i < track.CheckedKeys.Count; i++)
            {
                if (track.CheckedKeys[i].Result != check.Result) continue;
                samples += track.CheckedKeys[i].Samples;
                bytes += track.CheckedKeys[i].Bytes;
            }

            looked = string.Create(CultureInfo.InvariantCulture, $"; {samples} samples of {bytes} bytes looked at");
        }

        return $"key check: {Word(check.Result).Replace('-', ' ')} ({Shown.Text(check.Reason)}{looked})";
    }

    /// <summary>Writes the member <c>keyCheck</c>.</summary>
    public static void WriteTo(Utf8JsonWriter json, Mp4TrackSummary? track)
    {
        if (track?.KeyCheck is not { } check)
        {
            json.WriteNull("keyCheck");
            return;
        }

        json.WriteStartObject("keyCheck");
        json.WriteString("result", Word(check.Result));
        json.WriteString("reason", check.Reason);
        json.WriteStartArray("keys");
        for (int i = 0; i < track.CheckedKeys.Count; i++)
        {
            Mp4CheckedKey key = track.CheckedKeys[i];
            json.WriteStartObject();
            json.WriteString("kid", key.KeyId == default ? null : key.KeyId.ToString());
            json.WriteString("result", Word(key.Result));
            json.WriteNumber("samples", key.Samples);
            json.WriteNumber("bytes", key.Bytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>What can be said of a track that was written in parts: of each key, what the part says that knows it.</summary>
    public static Mp4TrackSummary Together(Mp4TrackSummary one, Mp4TrackSummary other)
    {
        if (one.KeyCheck is null) return one with { KeyCheck = other.KeyCheck, CheckedKeys = other.CheckedKeys };
        if (other.KeyCheck is null) return one;
        List<Mp4CheckedKey> keys = [.. one.CheckedKeys];
        foreach (Mp4CheckedKey key in other.CheckedKeys)
        {
            int at = keys.FindIndex(known => known.KeyId == key.KeyId);
            if (at < 0) keys.Add(key);
            else keys[at] = new Mp4CheckedKey(key.KeyId, Of(keys[at].Result, key.Result), keys[at].Samples + key.Samples, keys[at].Bytes + key.Bytes);
        }

        Mp4KeyCheckResult result = Mp4CheckedKey.Together(keys);
        return one with { KeyCheck = result == other.KeyCheck.Result ? other.KeyCheck : one.KeyCheck with { Result = result }, CheckedKeys = keys };
    }

    /// <summary>A key that one part has shown to fit is known; one that another part doubts is not.</summary>
    private static Mp4KeyCheckResult Of(Mp4KeyCheckResult one, Mp4KeyCheckResult other) =>
        one == Mp4KeyCheckResult.Doubtful || other == Mp4KeyCheckResult.Doubtful ? Mp4KeyCheckResult.Doubtful
        : one == Mp4KeyCheckResult.Fits || other == Mp4KeyCheckResult.Fits ? Mp4KeyCheckResult.Fits
        : one == Mp4KeyCheckResult.TooLittle ? one : other;

    private static string Word(Mp4KeyCheckResult result) => result switch
    {
        Mp4KeyCheckResult.NotPossible => "not-possible",
        Mp4KeyCheckResult.Fits => "fits",
        Mp4KeyCheckResult.TooLittle => "too-little",
        _ => "doubtful",
    };
}
