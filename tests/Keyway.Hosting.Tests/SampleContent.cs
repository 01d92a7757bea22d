using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Keyway.Mp4;
using Keyway.Testing;

namespace Keyway.Hosting;

/// <summary>The sample in this checkout: its files, its keys, and its tables from before encryption.</summary>
internal static class SampleContent
{
    public const string CommonSystem = "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b";

    public static string Folder { get; } = Path.Combine(Corpus.Root, "samples");

    public static Uri Manifest { get; } = new(Path.Combine(Folder, "cenc", "manifest.mpd"));

    private static Dictionary<string, byte[]> Keys { get; } = JsonNode.Parse(File.ReadAllBytes(Path.Combine(Folder, "keys.json")))!["keys"]!.AsArray()
        .ToDictionary(key => key!["kid"]!.GetValue<string>(), key => Convert.FromHexString(key!["key"]!.GetValue<string>()));

    /// <summary>Size and MD5 of each clear sample.</summary>
    public static List<string> Table(string track) =>
        [.. File.ReadLines(Path.Combine(Folder, "expected", track + ".tsv")).Where(line => line.Length > 0 && line[0] != '#').Select(line => line[(line.IndexOf('\t', StringComparison.Ordinal) + 1)..])];

    [SuppressMessage("Security", "CA5351", Justification = "The tables hold MD5, as ffmpeg's framemd5 does.")]
    public static async Task<List<string>> ReadAsync(Presentation presentation, int track)
    {
        List<string> rows = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[track], TestContext.Current.CancellationToken))
            foreach (ClearSample sample in fragment.Samples) rows.Add($"{sample.Data.Length}\t{Convert.ToHexStringLower(MD5.HashData(sample.Data.Span))}");
        return rows;
    }

    /// <summary>The manifest with a licence server named in it.</summary>
    public static byte[] ManifestNaming(string licenseUrl) => Encoding.UTF8.GetBytes(File.ReadAllText(Manifest.LocalPath).Replace(
        $"""<ContentProtection schemeIdUri="urn:uuid:{CommonSystem}">""",
        $"""<ContentProtection schemeIdUri="urn:uuid:{CommonSystem}"><dashif:Laurl xmlns:dashif="https://dashif.org/CPS">{licenseUrl}</dashif:Laurl>""", StringComparison.Ordinal));

    /// <summary>Answers a licence request of W3C Clear Key with the sample's keys ("License Format").</summary>
    public static byte[] License(byte[] request)
    {
        using JsonDocument wanted = JsonDocument.Parse(request);
        JsonArray keys = [];
        foreach (JsonElement kid in wanted.RootElement.GetProperty("kids").EnumerateArray())
        {
            byte[] id = Base64Url.DecodeFromChars(kid.GetString());
            if (Keys.TryGetValue(Convert.ToHexStringLower(id), out byte[]? key))
                keys.Add((JsonNode)new JsonObject { ["kty"] = "oct", ["kid"] = kid.GetString(), ["k"] = Base64Url.EncodeToString(key) });
        }

        return Encoding.UTF8.GetBytes(new JsonObject { ["keys"] = keys, ["type"] = "temporary" }.ToJsonString());
    }
}
