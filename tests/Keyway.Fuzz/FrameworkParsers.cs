using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Keyway.Dash;
using Keyway.Licensing.Answers;
using Keyway.Licensing.Packs;
using Keyway.Licensing.Secrets;
using Keyway.Mp4;
using Keyway.Protection;

namespace Keyway.Fuzz;

/// <summary>The parsers of the framework.</summary>
internal static class FrameworkParsers
{
    private static readonly Uri Address = new("https://cdn.example/content/manifest.mpd");
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static IReadOnlyList<Parser> All { get; } =
    [
        new("mp4-inspect", SeedKind.Media, static bytes => Wait(Mp4Inspector.InspectAsync(new MemoryStream(bytes), "fuzz").AsTask())),
        new("mp4-decrypt", SeedKind.Media, static bytes => Decrypt(new MemoryStream(bytes))),
        new("mp4-decrypt-stream", SeedKind.Media, static bytes => Decrypt(Forward(bytes))),
        new("mp4-merge", SeedKind.Media, static bytes => Merge(new MemoryStream(bytes))),
        new("mp4-merge-stream", SeedKind.Media, static bytes => Merge(Forward(bytes))),
        new("pssh", SeedKind.Pssh, static bytes => PsshBox.TryReadAll(bytes, out _, out _)),
        new("mpd", SeedKind.Manifest, ReadManifest),
        new("pack", SeedKind.Pack, static bytes => ProviderPack.Read(bytes, "fuzz")),
        new("answer", SeedKind.Json, ReadAnswer),
    ];

    private static void Decrypt(Stream input)
    {
        using RawMediaKeys keys = Keys();
        Wait(Mp4Decryptor.DecryptAsync(input, "fuzz", keys, PipeWriter.Create(Stream.Null), new Mp4DecryptOptions { MaxParallelFragments = 1 }).AsTask());
    }

    private static void Merge(Stream input)
    {
        using RawMediaKeys keys = Keys();
        Wait(TrackMerger.MergeAsync([new MergeInput { Input = input, Name = "fuzz", Keys = keys }], PipeWriter.Create(Stream.Null)).AsTask());
    }

    private static RawMediaKeys Keys()
    {
        RawMediaKeys keys = new();
        for (uint track = 1; track <= 4; track++) keys.Add(track, "0123456789abcdef"u8);
        return keys;
    }

    private static Stream Forward(byte[] bytes) => PipeReader.Create(new ReadOnlySequence<byte>(bytes)).AsStream();

    private static void Wait(Task task) => task.GetAwaiter().GetResult();

    private static void ReadAnswer(byte[] bytes)
    {
        using JsonDocument? document = BodyPath.TryParse(new ReadOnlySequence<byte>(bytes));
        if (document is null) return;
        foreach (string path in (string[])["keys.0.k", "keys.1.kid", "kids.0", "error.code", "type"])
        {
            if (BodyText.Find(document, path) is not { ValueKind: JsonValueKind.String } member) continue;
            using SecretBuffer buffer = new();
            BodyText.WriteText(member, buffer);
            BodyText.TextOf(member);
        }
    }

    private static void ReadManifest(byte[] bytes)
    {
        Manifest manifest = ManifestReader.Read(bytes, Address);
        foreach (Representation representation in manifest.Periods.SelectMany(static period => period.AdaptationSets).SelectMany(static set => set.Representations).Take(50))
        {
            RepresentationSegments segments = representation.Segments;
            Try(() => _ = segments.Initialization);
            Try(() => segments.Count(Now));
            Try(() => _ = segments.Enumerate(Now).Take(50).Count());
            Try(() => _ = segments.BaseAddress);
        }

        static void Try(Action read)
        {
            try
            {
                read();
            }
            catch (KeywayException)
            {
            }
        }
    }
}
