using System.IO.Pipelines;
using Keyway.Decryption;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Decrypting;
using Keyway.Mp4.Reading;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4;

/// <summary>Memory and flow: bounded by one fragment, never by the file, and nothing for a sample.</summary>
[Collection(Alone.Name)]
public sealed class StreamingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_long_stream_costs_no_more_memory_than_a_short_one()
    {
        long few = await AllocatedAsync(20), many = await AllocatedAsync(2020);
        ((many - few) / 2000).Should().BeLessThan(8 << 10, "a fragment of 100 KB is described by small objects, and its bytes are pooled");
    }

    [Fact]
    public void Decrypting_the_samples_of_a_fragment_allocates_nothing()
    {
        byte[] file = Join(Init, Fragment(1, [.. Enumerable.Repeat(100, 200)]));
        Movie.TryRead(Init, 0, out Movie movie, out _).Should().BeTrue();
        byte[] bytes = file[Init.Length..];
        Box box = Parse(bytes);
        Structure.Moof.TryRead(box, out Moof moof, out _).Should().BeTrue();
        moof.TryPlace(movie, bytes, 0, null, 0, out _).Should().BeTrue();
        using RawKeyRing ring = new();
        ring.Add(Kid, Key);
        using IFragmentDecryptor decryptor = ring.CreateDecryptor().LeaseFragment();
        SampleTable table = new();
        FragmentData data = new() { Bytes = bytes, Offset = 0, Media = [(box.Length, bytes.Length)] };
        long least = long.MaxValue;
        for (int round = 0; round < 8; round++)
        {
            table.Start(movie.Tracks[0], 0, 0, 1);
            long before = GC.GetAllocatedBytesForCurrentThread();
            bool built = SampleTableBuilder.TryBuild(moof, moof.Trafs[0], data, table, out _);
            int failed = SampleOpener.Decrypt(table, bytes, decryptor, out _);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            built.Should().BeTrue();
            failed.Should().Be(-1);
        }

        least.Should().Be(0, "{0} says why the least", nameof(Allocations));
    }

    [Fact]
    public async Task A_slow_reader_holds_the_writer_back()
    {
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1 << 16, resumeWriterThreshold: 1 << 15, useSynchronizationContext: false));
        await using Repeated input = new(Init, Fragment(1, 50_000, 50_000), 200);
        Task<Mp4Summary> decrypting = Mp4Decryptor.DecryptAsync(input, "x", Keys, pipe.Writer, new Mp4DecryptOptions { MaxParallelFragments = 1 }, Cancel).AsTask();
        ReadResult first = await pipe.Reader.ReadAtLeastAsync(1000, Cancel);
        first.Buffer.Length.Should().BeLessThan(1 << 20);
        input.Consumed.Should().BeLessThan(BatchPipeline.InFlightBytes + (2 << 20));
        pipe.Reader.AdvanceTo(first.Buffer.End);
        await pipe.Reader.CompleteAsync();
        Func<Task> wait = () => decrypting;
        await wait.Should().ThrowAsync<OperationCanceledException>();
        input.Consumed.Should().BeLessThan(BatchPipeline.InFlightBytes + (4 << 20));
    }

    [Fact]
    public async Task Progress_counts_the_bytes_of_the_input()
    {
        List<long> heard = [];
        byte[] file = Join(Init, Fragment(1, 40), Fragment(2, 33));
        await DecryptAsync(file, options: new Mp4DecryptOptions { Progress = new Heard(heard) });
        heard.Should().BeInAscendingOrder().And.HaveCount(3).And.EndWith(file.Length);
    }

    [Fact]
    public async Task Cancelling_stops_the_work()
    {
        using CancellationTokenSource source = new();
        await source.CancelAsync();
        Func<Task> decrypt = () => Mp4Decryptor.DecryptAsync(new MemoryStream(Join(Init, Fragment(1, 40))), "x", Keys, PipeWriter.Create(Stream.Null), null, source.Token).AsTask();
        await decrypt.Should().ThrowAsync<OperationCanceledException>();
    }

    private static async Task<long> AllocatedAsync(int fragments)
    {
        using RawMediaKeys keys = new();
        keys.Add(Kid, Key);
        await using Repeated input = new(Init, Fragment(1, 50_000, 50_000), fragments);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await Mp4Decryptor.DecryptAsync(input, "x", keys, PipeWriter.Create(Stream.Null), new Mp4DecryptOptions { MaxParallelFragments = 1 }, Cancel);
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }

    private sealed class Heard(List<long> list) : IProgress<long>
    {
        public void Report(long value) => list.Add(value);
    }

    /// <summary>An initialisation segment and then one fragment again and again, made as it is read.</summary>
    private sealed class Repeated(byte[] init, byte[] fragment, int times) : Stream
    {
        public long Consumed { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            long in1 = Consumed - init.Length;
            ReadOnlySpan<byte> rest = in1 < 0 ? init.AsSpan((int)Consumed)
                : in1 < (long)fragment.Length * times ? fragment.AsSpan((int)(in1 % fragment.Length))
                : default;
            int count = Math.Min(rest.Length, buffer.Length);
            rest[..count].CopyTo(buffer);
            Consumed += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new(Read(buffer.Span));
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
