using System.Text;
using Keyway.Mp4;
using Keyway.Testing;

namespace Keyway.Fuzz;

/// <summary>What is changed: the samples of this checkout, a few texts, and the corpus of other projects where it is beside the checkout.</summary>
internal sealed class SeedCorpus
{
    private const int Largest = 96 << 10;

    private readonly Dictionary<SeedKind, List<byte[]>> _seeds = [];

    private SeedCorpus()
    {
    }

    public static SeedCorpus Load(bool shared)
    {
        SeedCorpus corpus = new();
        corpus.AddTree(Path.Combine(Corpus.Root, "samples"));
        if (shared && Corpus.Shared is { } folder) corpus.AddTree(Path.Combine(folder, "corpus"));
        foreach (string text in Texts) corpus.Add(SeedKind.Json, Encoding.UTF8.GetBytes(text));
        foreach (string pack in Directory.EnumerateFiles(Path.Combine(Corpus.Root, "framework", "Keyway", "Licensing", "Packs"), "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            corpus.Add(SeedKind.Pack, File.ReadAllBytes(pack));
        return corpus;
    }

    public IReadOnlyList<byte[]> Of(SeedKind kind) => _seeds.TryGetValue(kind, out List<byte[]>? seeds) ? seeds : [[]];

    private static readonly string[] Texts =
    [
        """{"provider":"widevine_test","content_id":"ZmlsbQ==","key_ids":["31323334353637383930313233343536"],"kids":["MTIzNDU2Nzg5MDEyMzQ1Ng"]}""",
        """{"kids":["0qyjGTG4yi-6MVt4QokI4g","AAAAAAAAAAAAAAAAAAAAAQ"],"type":"temporary"}""",
        """{"keys":[{"kty":"oct","kid":"0qyjGTG4yi-6MVt4QokI4g","k":"MDEyMzQ1Njc4OWFiY2RlZg"},{"kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZg","kid":"AAAAAAAAAAAAAAAAAAAAAQ","alg":"A128KW"}],"type":"persistent-license"}""",
    ];

    private void AddTree(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            SeedKind kind = Path.GetExtension(file) switch
            {
                ".mp4" or ".m4s" or ".cmfv" or ".cmfa" or ".bin" or ".ismv" => SeedKind.Media,
                ".mpd" => SeedKind.Manifest,
                ".json" when file.Contains("corpus", StringComparison.Ordinal) => SeedKind.Json,
                ".xml" => SeedKind.License,
                ".txt" or ".b64" => SeedKind.Header,
                _ => SeedKind.None,
            };
            if (kind == SeedKind.None || (kind != SeedKind.Media && new FileInfo(file).Length > Largest)) continue;
            byte[] bytes = File.ReadAllBytes(file);
            if (kind == SeedKind.Header) AddText(bytes);
            else if (kind == SeedKind.Media) AddMedia(file, bytes);
            else Add(kind, bytes);
        }
    }

    private void AddMedia(string file, byte[] bytes)
    {
        if (Path.GetFileName(file) == "init.mp4" && Path.Combine(Path.GetDirectoryName(file)!, "1.m4s") is { } first && File.Exists(first)) bytes = [.. bytes, .. File.ReadAllBytes(first)];
        Add(SeedKind.Media, bytes[..Math.Min(bytes.Length, Largest)]);      // a cut file is a seed as good as a whole one
        try
        {
            Mp4Inspection inspection = Mp4Inspector.InspectAsync(new MemoryStream(bytes), file, headOnly: true).AsTask().GetAwaiter().GetResult();
            foreach (Mp4ProtectionBox box in inspection.Protection)
            {
                byte[] data = box.Box.Data.ToArray();
                Add(SeedKind.Header, data);
                Add(SeedKind.Pssh, [0, 0, 0, (byte)(32 + data.Length), .. "pssh"u8, 0, 0, 0, 0, .. box.Box.System.Value.ToByteArray(bigEndian: true), 0, 0, (byte)(data.Length >> 8), (byte)data.Length, .. data]);
            }
        }
        catch (KeywayException)
        {
        }
    }

    private void AddText(byte[] text)
    {
        string trimmed = Encoding.UTF8.GetString(text).Trim();
        byte[] raw = new byte[trimmed.Length];
        if (!Convert.TryFromBase64String(trimmed, raw, out int length)) return;
        Add(SeedKind.Header, raw[..length]);
        Add(SeedKind.Pssh, raw[..length]);
    }

    private void Add(SeedKind kind, byte[] bytes)
    {
        if (!_seeds.TryGetValue(kind, out List<byte[]>? list)) _seeds.Add(kind, list = []);
        list.Add(bytes);
    }
}
