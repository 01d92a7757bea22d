using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4;

/// <summary>Counts that no bytes stand behind: whoever writes four billion into a field costs a reader nothing.</summary>
[Collection(Alone.Name)]
public sealed class CountsThatCostNothingTests
{
    private const uint Most = uint.MaxValue;

    private static readonly byte[] S1 = Sample(1, 40);

    private static byte[] Data => Box("mdat", Encrypt(S1, Iv(1), Key));

    private static byte[] Uniform(uint size, uint count) => Full("stsz", 0, 0, U32(size), U32(count));

    private static byte[] Runs(string type, params uint[] fields) => Full(type, 0, 0, U32((uint)fields.Length / 2), Join([.. fields.Select(U32)]));

    private static byte[] Chunks(params uint[] fields) => Full("stsc", 0, 0, U32((uint)fields.Length / 3), Join([.. fields.Select(U32)]));

    private static byte[] Offsets(params uint[] offsets) => Full("stco", 0, 0, U32((uint)offsets.Length), Join([.. offsets.Select(U32)]));

    /// <summary>A progressive file of tracks with these tables; offsets count from its beginning.</summary>
    private static byte[] Progressive(int tracks, params byte[][] tables) => Join(
        Box("moov", [MvhdBox, .. Enumerable.Range(1, tracks).Select(id => Trak((uint)id, Stsd(Enca(Sinf())), tables))]), Box("mdat", Zeros(4000)));

    /// <summary>Patterns of two samples that alternate, spread over as many as the field can say: 20 bytes each.</summary>
    private static byte[] Patterns(int count, uint samples, uint second = 1) =>
        Join([.. Enumerable.Repeat(Full("csgp", 0, 0x3F, Code("seig"), U32(1), U32(2), U32(samples), U32(second), U32(0)), count)]);

    private static readonly Dictionary<string, byte[]> Files = new()
    {
        { "trun without fields, empty samples", Join(Init, Moof(l => [Box("traf", Tfhd(), Full("trun", 0, 1, U32(Most), U32((uint)l + 8)))]), Data) },
        { "trun without fields, samples of a byte", Join(Init, Moof(l => [Box("traf", Tfhd(1, 0x020010, U32(1)), Full("trun", 0, 1, U32(Most), U32((uint)l + 8)))]), Data) },
        { "many trafs of empty samples", Join(Init, Moof(_ => [.. Enumerable.Repeat(Box("traf", Tfhd(), Full("trun", 0, 0, U32(4000))), 2000)]), Data) },
        { "many moofs of empty samples", Join(Init, Join([.. Enumerable.Repeat(Box("moof", Box("traf", Tfhd(), Full("trun", 0, 0, U32(4000)))), 1000)])) },
        { "clear runs over the same bytes", Join(Moov(Trak(1, Stsd(Mp4a()))), Moof(l => [Box("traf", [Tfhd(1, 0x020010, U32(1)), .. Enumerable.Repeat(Full("trun", 0, 1, U32(40), U32((uint)l + 8)), 20_000)])]), Data) },
        { "saiz with a default size, in a moof", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("saiz", 0, 0, U8(255), U32(Most)), Full("saio", 0, 0, U32(1), U32(8)))]), Data) },
        { "saiz with a default size, in a moov", Progressive(1, Uniform(1, 40), Runs("stts", 40, 10), Chunks(1, 40, 1), Offsets(2000), Full("saiz", 0, 0, U8(255), U32(Most)), Full("saio", 0, 0, U32(1), U32(8))) },
        { "fixed stsz", Progressive(1, Uniform(1, Most), Runs("stts", Most, 10), Chunks(1, Most, 1), Offsets(2000)) },
        { "fixed stsz, of large samples", Progressive(1, Uniform(Most, Most), Runs("stts", Most, Most), Chunks(1, Most, 1), Offsets(2000)) },
        { "fixed stsz in a thousand tracks", Progressive(1000, Uniform(1, 500_000), Runs("stts", Most, 10), Chunks(1, Most, 1), Offsets(2000)) },
        { "fixed stsz, chunks out of order", Progressive(1, Uniform(1, Most), Runs("stts", Most, 10), Chunks(1, Most / 2, 1), Offsets(3000, 2000)) },
        { "stts and ctts", Progressive(1, Full("stsz", 0, 0, U32(0), U32(1), U32(40)), Runs("stts", Most, Most, Most, Most), Runs("ctts", Most, Most, Most, Most), Chunks(1, 1, 1), Offsets(2000), Senc(Iv(1))) },
        { "stts without samples", Progressive(1, Full("stsz", 0, 0, U32(0), U32(1), U32(40)), Runs("stts", [.. new uint[20_000]]), Chunks(1, 1, 1), Offsets(2000), Senc(Iv(1))) },
        { "stsc", Progressive(1, Full("stsz", 0, 0, U32(0), U32(1), U32(40)), Runs("stts", 1, 10), Chunks(1, 0, 1, Most, Most, 1), Offsets([.. Enumerable.Repeat(2000u, 5000)])) },
        { "sbgp runs in a moof", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Sbgp(Most, 0, Most, 0, Most, 0x10001), Senc(Iv(1)))]), Data) },
        { "sbgp runs in a moov", Progressive(1, Uniform(1, Most), Runs("stts", Most, 10), Chunks(1, Most, 1), Offsets(2000), Sbgp(Most, 0, Most, 1)) },
        { "csgp patterns in a moof", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Patterns(40, 1 << 22), Senc(Iv(1)))]), Data) },
        { "csgp patterns of one group", Join(Init, Moof(l => [.. Enumerable.Repeat(Box("traf", Tfhd(), Patterns(40, 1 << 22, 0)), 100)]), Data) },
        { "csgp patterns in a moov", Progressive(1, Uniform(1, 40), Runs("stts", 40, 10), Chunks(1, 40, 1), Offsets(2000), Patterns(40, 1 << 22)) },
        { "senc", Join(Init, Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("senc", 0, 0, U32(Most), Iv(1)))]), Data) },
        { "senc of constant vectors", Join(Moov(Trak(1, Stsd(Enca(Sinf(scheme: "cbcs", tenc: Full("tenc", 1, 0, U8(0), U8(0x19), U8(1), U8(0), Bytes(Kid), U8(16), Zeros(16))))))), Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("senc", 0, 0, U32(Most)))]), Data) },
    };

    public static TheoryData<string> Names => [.. Files.Keys];

    /// <summary>Read or refused, as it may be; what counts is the price.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_count_costs_nothing(string what)
    {
        byte[] file = Files[what];
        await ReadAsync(Init);      // compiled, once
        (string, Func<Task>)[] ways =
        [
            ("decrypt", () => DecryptAsync(file)), ("decrypt a stream", () => DecryptAsync(file, seek: false)),
            ("merge", () => MergeAsync(true, file)), ("merge a stream", () => MergeAsync(false, file)),
            ("inspect", () => ReadAsync(file)),
        ];
        foreach ((string way, Func<Task> read) in ways) await Price.ShouldBeLowAsync(read, way);
    }

    private static Task<Mp4Inspection> ReadAsync(byte[] file) => Mp4Inspector.InspectAsync(new MemoryStream(file), "made.mp4", false, TestContext.Current.CancellationToken).AsTask();
}
