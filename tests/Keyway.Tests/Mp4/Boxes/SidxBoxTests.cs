using System.Buffers.Binary;
using Keyway.Dash;
using Keyway.Sources;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Mp4.Boxes;

public sealed class SidxBoxTests
{
    [Fact]
    public void Every_index_in_the_corpus_leads_from_fragment_to_fragment_to_the_end()
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        int found = 0;
        foreach (string id in MpdCorpus.Ids("fmp4").Concat(MpdCorpus.Ids("progressive")))
        {
            if (MpdCorpus.Item(id).GetProperty("files").GetArrayLength() != 1 || MpdCorpus.Item(id).GetProperty("malformed").GetBoolean()) continue;
            byte[] file = MpdCorpus.Bytes(MpdCorpus.Item(id));
            int at = file.AsSpan().IndexOf("sidx"u8) - 4;
            if (at < 0 || !SidxBox.TryFind(file.AsSpan(at), out SidxBox? box, out long end, out _)) continue;
            if (file.AsSpan(at + 8).IndexOf("sidx"u8) >= 0) continue;
            long offset = at + end + (long)box!.FirstOffset;

            // One item is the beginning of a longer file.
            if (offset + box.References.Sum(static reference => reference.Size) > file.Length) continue;
            found++;
            foreach (SidxReference reference in box.References)
            {
                string type = System.Text.Encoding.ASCII.GetString(file, (int)offset + 4, 4);
                type.Should().BeOneOf("moof", "styp", "emsg", "prft");
                offset += reference.Size;
            }

            (offset == file.Length || file.AsSpan((int)offset + 4, 4).SequenceEqual("mfra"u8)).Should().BeTrue($"{id}: the index leads to {offset} of {file.Length}");
        }

        found.Should().BeGreaterThan(30);
    }

    [Fact]
    public async Task An_index_of_indexes_is_read_in_order()
    {
        byte[] inner1 = Sidx(1, 10, 0, (false, 5, 20), (false, 6, 30));
        byte[] inner2 = Sidx(0, 10, 0, (false, 7, 40));
        byte[] outer = Sidx(0, 10, 0, (true, (uint)inner1.Length + 11, 50), (true, (uint)inner2.Length + 7, 40), (false, 3, 9));
        byte[] file = [.. new byte[100], .. outer, .. inner1, .. new byte[11], .. inner2, .. new byte[7], .. new byte[3]];
        string folder = Directory.CreateTempSubdirectory("keyway-").FullName;
        try
        {
            string path = Path.Combine(folder, "a.mp4");
            await File.WriteAllBytesAsync(path, file, TestContext.Current.CancellationToken);
            Uri location = MediaSources.AddressOf(Path.Combine(folder, "a.mpd"));
            Representation one = Mpd.One("", $"""<Representation><BaseURL>a.mp4</BaseURL><SegmentBase indexRange="100-{99 + outer.Length}"/></Representation>""", location: location);
            IReadOnlyList<TimelineSegment> segments = await SegmentIndex.ReadAsync(new MediaSources(null, TimeProvider.System), location.Origin(), one.Segments, TestContext.Current.CancellationToken);
            int first = 100 + outer.Length + inner1.Length;
            segments.Select(static segment => segment.Range!.Value.First).Should().Equal(first, first + 5, first + 11 + inner2.Length, first + 18 + inner2.Length);
            segments.Select(static segment => segment.Range!.Value.Length).Should().Equal(5, 6, 7, 3);
            segments.Select(static segment => segment.Time).Should().Equal(0, 20, 50, 90);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Every_shortening_is_refused()
    {
        byte[] good = Sidx(1, 10, 0, (false, 5, 20), (false, 6, 30));
        SidxBox.TryFind(good, out _, out _, out _).Should().BeTrue();
        for (int length = 0; length < good.Length; length++)
        {
            SidxBox.TryFind(good.AsSpan(0, length), out SidxBox? box, out _, out FormatError error).Should().BeFalse();
            box.Should().BeNull();
            error.Reason.Should().NotBeEmpty();
            byte[] content = good[8..Math.Max(8, length)];
            SidxBox.TryReadContent(content, out _, out _).Should().BeFalse();
        }
    }

    private static byte[] Sidx(byte version, uint scale, ulong first, params (bool IsIndex, uint Size, uint Duration)[] references)
    {
        using MemoryStream stream = new();
        void U32(uint value)
        {
            Span<byte> bytes = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
            stream.Write(bytes);
        }

        int times = version == 0 ? 8 : 16;
        U32((uint)(8 + 12 + times + 4 + 12 * references.Length));
        stream.Write("sidx"u8);
        U32((uint)version << 24);
        U32(1);
        U32(scale);
        if (version == 1) U32(0);
        U32(0);
        if (version == 1) U32((uint)(first >> 32));
        U32((uint)first);
        U32((uint)references.Length);
        foreach ((bool isIndex, uint size, uint duration) in references)
        {
            U32((isIndex ? 0x80000000u : 0) | size);
            U32(duration);
            U32(0x90000000);
        }

        return stream.ToArray();
    }
}
