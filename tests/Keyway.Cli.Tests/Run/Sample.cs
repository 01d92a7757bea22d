using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Mp4;
using Keyway.Testing;

namespace Keyway.Cli.Run;

/// <summary>The bundled sample: its files, its keys, and the clear samples that its packager was given.</summary>
internal static class Sample
{
    private static readonly Dictionary<string, (string Kid, string Key)> Keys = ReadKeys();

    public static string Manifest { get; } = File("cenc/manifest.mpd");

    /// <summary>The key of <c>HD</c>, <c>SD</c> or <c>AUDIO</c> as <c>decrypt</c> takes it.</summary>
    public static string Held(string label) => $"{Keys[label].Kid}:{Keys[label].Key}";

    public static string Kid(string label) => Keys[label].Kid;

    public static string Key(string label) => Keys[label].Key;

    /// <summary>Every key in every form in which it could be printed.</summary>
    public static IReadOnlyList<string> KeyTexts { get; } =
    [
        .. from pair in Keys.Values
           let bytes = Convert.FromHexString(pair.Key)
           let base64 = Convert.ToBase64String(bytes).TrimEnd('=')
           from text in (string[])[pair.Key, pair.Key.ToUpperInvariant(), BitConverter.ToString(bytes), base64, base64.Replace('+', '-').Replace('/', '_')]
           select text,
    ];

    public static string File(string name) => Path.Combine(AppContext.BaseDirectory, "samples", name);

    /// <summary>The files of a track of the cenc sample in order: initialisation segment, segments.</summary>
    public static string[] Segments(string track) => [File($"cenc/{track}/init.mp4"), .. Enumerable.Range(1, 5).Select(i => File($"cenc/{track}/{i}.m4s"))];

    /// <summary>Size and MD5 of each clear sample of a track, as they were before encryption.</summary>
    public static IReadOnlyList<(int Size, string Md5)> Expected(string track) =>
        [.. System.IO.File.ReadLines(Path.Combine(Corpus.Root, "samples", "expected", $"{track}.tsv"))
            .Where(static line => line[0] != '#')
            .Select(static line => line.Split('\t'))
            .Select(static columns => (int.Parse(columns[1], CultureInfo.InvariantCulture), columns[2]))];

    [SuppressMessage("Security", "CA5351:Do Not Use Broken Cryptographic Algorithms", Justification = "The tables of the sample are MD5, as framemd5 writes them.")]
    private static string Md5(ReadOnlySpan<byte> sample) => Convert.ToHexStringLower(MD5.HashData(sample));

    /// <summary>Checks that a file holds the clear samples of tracks, in the order of its moov, and nothing that is protected.</summary>
    public static async Task ShouldHoldAsync(Stream file, params string[] tracks)
    {
        using Mp4Reader reader = await Mp4Reader.OpenAsync(file, "output", TestContext.Current.CancellationToken);
        reader.Tracks.Should().HaveCount(tracks.Length);
        reader.Tracks.Should().OnlyContain(static track => !track.IsProtected);
        Dictionary<uint, List<(int, string)>> found = reader.Tracks.ToDictionary(static track => track.Id, static _ => new List<(int, string)>());
        using RawMediaKeys none = new();
        await foreach (ClearFragment fragment in reader.ReadAsync(none, cancellationToken: TestContext.Current.CancellationToken))
        {
            foreach (ClearSample sample in fragment.Samples)
                found[fragment.Track.Id].Add((sample.Data.Length, Md5(sample.Data.Span)));
        }

        for (int i = 0; i < tracks.Length; i++) found[reader.Tracks[i].Id].Should().Equal(Expected(tracks[i]), $"these are the samples of {tracks[i]}");
    }

    /// <inheritdoc cref="ShouldHoldAsync(Stream, string[])"/>
    public static async Task ShouldHoldAsync(string file, params string[] tracks)
    {
        await using FileStream stream = System.IO.File.OpenRead(file);
        await ShouldHoldAsync(stream, tracks);
    }

    private static Dictionary<string, (string, string)> ReadKeys()
    {
        using JsonDocument keys = JsonDocument.Parse(System.IO.File.ReadAllText(Path.Combine(Corpus.Root, "samples", "keys.json")));
        return keys.RootElement.GetProperty("keys").EnumerateArray()
            .ToDictionary(static key => key.GetProperty("label").GetString()!, static key => (key.GetProperty("kid").GetString()!, key.GetProperty("key").GetString()!));
    }
}
