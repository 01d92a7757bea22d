using System.IO.Pipelines;
using Keyway.Decryption;
using Keyway.Mp4.Reading;
using Keyway.Testing;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.Clear;

/// <summary>Reading, decrypting and writing overlap, fragments are decrypted beside each other, and nobody sees it in the output.</summary>
public sealed class PipelineTests
{
    private const int BatchSize = BatchPipeline.BatchBytes;

    /// <summary>So many batches pass before anybody helps the reader.</summary>
    private const int Lonely = 16;

    private const string WriterThread = "Keyway writer";

    private static readonly Lazy<(byte[] File, List<byte[]> Samples)> OfAllSizes = new(MakeOfAllSizes);

    private static readonly Lazy<(byte[] File, byte[] Clear)> Long = new(MakeLong);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task So_many_fragments_are_decrypted_at_once_as_are_allowed(int allowed)
    {
        // Each holds its place until so many are at work together as are expected: fewer would wait for ever, more would be counted. Before that, decrypting is slow, and nobody helps yet.
        using Gathering keys = new(allowed) { Alone = Lonely };
        byte[] file = Join(Init, Join([.. Enumerable.Range(0, Lonely + 12).Select(i => Blank(BatchSize))]));
        (byte[] clear, _) = await DecryptAsync(file, keys, options: new Mp4DecryptOptions { MaxParallelFragments = allowed });
        keys.Most.Should().Be(allowed);
        keys.Given.Should().Be(Lonely + 12);
        keys.Returned.Should().Be(Lonely + 12);
        clear.Length.Should().Be(file.Length);
    }

    [Theory]
    [InlineData(1, 10, 1, false)]
    [InlineData(2, 10, 1, true)]
    [InlineData(2, 10, 30, false)]
    public async Task A_long_file_gets_a_thread_that_writes_and_keeps_it_where_that_is_faster(int parallel, int alone, int beside, bool stays)
    {
        (byte[] file, byte[] expected) = Long.Value;
        using RawMediaKeys keys = new();
        keys.Add(Kid, Key);
        ManualClock clock = new();
        using Watching output = new() { Wrote = thread => clock.Advance(TimeSpan.FromMilliseconds(thread == WriterThread ? beside : alone)) };
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await Mp4Decryptor.DecryptAsync(new MemoryStream(file), "x", keys, pipe, new Mp4DecryptOptions { MaxParallelFragments = parallel, Clock = clock }, Cancel);
        output.ToArray().AsSpan().SequenceEqual(expected).Should().BeTrue();
        output.Threads[Lonely - 1].Should().NotBe(WriterThread);
        output.Threads.Contains(WriterThread).Should().Be(parallel > 1);
        (output.Threads[^1] == WriterThread).Should().Be(stays);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(Lonely + 1)]
    [InlineData(Lonely + 9)]
    public async Task An_output_that_has_to_be_waited_for_after_all_gets_every_byte(int after)
    {
        (byte[] file, byte[] expected) = Long.Value;
        using RawMediaKeys keys = new();
        keys.Add(Kid, Key);
        using Watching output = new() { WaitsAfter = after };
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await Mp4Decryptor.DecryptAsync(new MemoryStream(file), "x", keys, pipe, new Mp4DecryptOptions { MaxParallelFragments = 2 }, Cancel);
        output.ToArray().AsSpan().SequenceEqual(expected).Should().BeTrue();
    }

    [Theory]
    [InlineData(Lonely - 3)]
    [InlineData(Lonely + 5)]
    public async Task What_is_wrong_is_told_whoever_writes(int at)
    {
        byte[] good = Blank(BatchSize - 100);
        byte[] file = Join(Init, Join([.. Enumerable.Repeat(good, 40)]));
        using Gathering keys = new(1) { FailsAt = at };
        Func<Task> decrypt = () => DecryptAsync(file, keys, options: new Mp4DecryptOptions { MaxParallelFragments = 2 });
        await decrypt.Should().ThrowAsync<SampleDecryptionException>();
        keys.Returned.Should().Be(keys.Given);

        using Gathering all = new(1);
        using Watching output = new() { FailsAfter = at };
        await using MemoryStream input = new(file);
        Func<Task> write = () => Mp4Decryptor.DecryptAsync(input, "x", all, PipeWriter.Create(output), new Mp4DecryptOptions { MaxParallelFragments = 2 }, Cancel).AsTask();
        await write.Should().ThrowAsync<IOException>().WithMessage("full");
        input.Position.Should().BeLessThan(file.Length);
        all.Returned.Should().Be(all.Given);

        using CancellationTokenSource stop = new();
        using Gathering some = new(1);
        using Watching stopped = new() { FailsAfter = at, Stop = stop };
        Func<Task> cancelled = () => Mp4Decryptor.DecryptAsync(new MemoryStream(file), "x", some, PipeWriter.Create(stopped), new Mp4DecryptOptions { MaxParallelFragments = 2 }, stop.Token).AsTask();
        await cancelled.Should().ThrowAsync<OperationCanceledException>();
        some.Returned.Should().Be(some.Given);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(4, true)]
    [InlineData(4, false)]
    public async Task Fragments_larger_and_smaller_than_a_batch_come_out_whole_and_in_order(int parallel, bool seek)
    {
        (byte[] file, List<byte[]> expected) = OfAllSizes.Value;
        await using Stream input = seek ? new MemoryStream(file) : new Gulps(file, 100_003);
        using RawMediaKeys keys = new();
        keys.Add(Kid, Key);
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await Mp4Decryptor.DecryptAsync(input, "x", keys, pipe, new Mp4DecryptOptions { MaxParallelFragments = parallel }, Cancel);
        byte[] clear = output.ToArray();
        clear.Length.Should().Be(file.Length);
        int at = 0;
        foreach (byte[] sample in expected)
        {
            int found = clear.AsSpan(at).IndexOf(sample);
            found.Should().BeGreaterThanOrEqualTo(0);
            at += found + sample.Length;
        }
    }

    [Fact]
    public async Task A_sample_without_a_key_is_told_before_a_cut_end()
    {
        byte[] file = Join(Init, Fragment(1, 40), Blank(BatchSize, BatchSize), Fragment(4, 33))[..^5];
        Func<Task> decrypt = () => DecryptAsync(file, ReferenceKeys.None);
        (await decrypt.Should().ThrowAsync<SampleDecryptionException>()).Which.SampleNumber.Should().Be(1);
        Func<Task> cut = () => DecryptAsync(file);
        await cut.Should().ThrowAsync<MediaFormatException>();
    }

    [Fact]
    public async Task Keys_are_given_back_however_it_ends()
    {
        byte[][] fragments = [.. Enumerable.Range(0, 9).Select(i => Blank(BatchSize / 2, 3 * BatchSize))];
        byte[] file = Join(Init, Join(fragments));
        foreach (byte[] bytes in (byte[][])[file, file[..^7], file[..(file.Length / 2)]])
        {
            using Gathering keys = new(1);
            try
            {
                await DecryptAsync(bytes, keys, seek: false, options: new Mp4DecryptOptions { MaxParallelFragments = 4 });
            }
            catch (MediaFormatException)
            {
                bytes.Length.Should().BeLessThan(file.Length);
            }

            keys.Given.Should().BePositive();
            keys.Returned.Should().Be(keys.Given);
        }
    }

    [Fact]
    public async Task An_output_that_fails_ends_the_reading_and_is_what_is_told()
    {
        using Gathering keys = new(1);
        byte[] file = Join(Init, Join([.. Enumerable.Range(0, 40).Select(i => Blank(BatchSize))]));
        await using MemoryStream input = new(file);
        PipeWriter pipe = PipeWriter.Create(new Full());
        Func<Task> decrypt = () => Mp4Decryptor.DecryptAsync(input, "x", keys, pipe, null, Cancel).AsTask();
        await decrypt.Should().ThrowAsync<IOException>().WithMessage("full");
        input.Position.Should().BeLessThan(file.Length);
        keys.Returned.Should().Be(keys.Given);
    }

    /// <summary>A file of sixty batches, and what it is clear.</summary>
    private static (byte[] File, byte[] Clear) MakeLong()
    {
        byte[] fragments = Join([.. Enumerable.Range(0, 30).Select(i => Fragment(1 + (2 * i), BatchSize - 300, BatchSize - 900))]);
        byte[] file = Join(Init, fragments);
        using RawMediaKeys keys = new();
        keys.Add(Kid, Key);
        using MemoryStream clear = new();
        PipeWriter pipe = PipeWriter.Create(clear, new StreamPipeWriterOptions(leaveOpen: true));
        // Not by threads of the pipeline, but by the one loop that it has for streams that have to be waited for.
        Mp4Decryptor.DecryptAsync(new Gulps(file, 777_777), "x", keys, pipe, new Mp4DecryptOptions { MaxParallelFragments = 1 }, Cancel).AsTask().GetAwaiter().GetResult();
        return (file, clear.ToArray());
    }

    /// <summary>A fragment whose bytes nobody looks at.</summary>
    private static byte[] Blank(params int[] sizes) => Join(
        Moof(length => [Full("mfhd", 0, 0, U32(1)), Box("traf", Tfhd(), Tfdt(0), Trun(length + 8, sizes), Senc([.. sizes.Select((_, i) => Iv(i))]))]),
        Box("mdat", Zeros(sizes.Sum())));

    /// <summary>Samples below, at and above what a batch holds, and fragments of one, of many batches, and of a part of one.</summary>
    private static (byte[] File, List<byte[]> Samples) MakeOfAllSizes()
    {
        int[][] fragments = [[40, 33], [BatchSize, 7, BatchSize - 1], [(2 * BatchSize) + 5], [.. Enumerable.Repeat(BatchSize / 3, 4)], [1], [.. Enumerable.Repeat(100, 300)], [BatchSize / 2, BatchSize / 2]];
        List<byte[]> parts = [Init], samples = [];
        foreach (int[] sizes in fragments)
        {
            int first = samples.Count + 1;
            parts.Add(Fragment(first, sizes));
            samples.AddRange(sizes.Select((size, i) => Sample(first + i, size)));
        }

        return (Join([.. parts]), samples);
    }

    /// <summary>Lets decryptors through in groups, and counts.</summary>
    private sealed class Gathering(int together) : IMediaKeys, IDisposable
    {
        private readonly ManualResetEventSlim _together = new();
        private int _atWork, _most, _given, _returned, _passed;

        /// <summary>So many come one by one, and take their time.</summary>
        public int Alone { get; init; }

        /// <summary>The sample that cannot be decrypted.</summary>
        public int FailsAt { get; init; } = -1;

        public int Most => _most;

        public void Dispose() => _together.Dispose();

        public int Given => _given;

        public int Returned => _returned;

        public ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _given);
            return new(new Decryptor(this));
        }

        private void Pass()
        {
            if (Interlocked.Increment(ref _passed) <= Alone)
            {
                Thread.Sleep(5);
                return;
            }

            int now = Interlocked.Increment(ref _atWork);
            for (int most = _most; now > most; most = _most) Interlocked.CompareExchange(ref _most, now, most);

            // Once so many were together, nobody waits for others any more: the last ones come alone. Nobody waits for ever either.
            if (!_together.IsSet && (_most >= together || !_together.Wait(TimeSpan.FromSeconds(20)))) _together.Set();
            Interlocked.Decrement(ref _atWork);
        }

        private sealed class Decryptor(Gathering owner) : IFragmentDecryptor
        {
            private int _inside, _disposed;

            public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
            {
                if (Interlocked.Exchange(ref _inside, 1) == 1 || _disposed == 1) return DecryptStatus.Failed;
                owner.Pass();
                Volatile.Write(ref _inside, 0);
                return owner._passed - 1 == owner.FailsAt ? DecryptStatus.Failed : DecryptStatus.Decrypted;
            }

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _disposed, 1) == 0) Interlocked.Increment(ref owner._returned);
            }
        }
    }

    /// <summary>A stream that cannot seek and hands out odd amounts.</summary>
    private sealed class Gulps(byte[] bytes, int most) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, most)]);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            return Read(buffer.Span);
        }
    }

    private sealed class Full : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromException(new IOException("full"));
    }

    /// <summary>An output that notes who writes, and does as it is told.</summary>
    private sealed class Watching : MemoryStream
    {
        private int _writes;

        /// <summary>Told by which thread.</summary>
        public Action<string?>? Wrote { get; init; }

        public int WaitsAfter { get; init; } = int.MaxValue;

        public int FailsAfter { get; init; } = int.MaxValue;

        /// <summary>Cancelled instead of failing.</summary>
        public CancellationTokenSource? Stop { get; init; }

        public List<string?> Threads { get; } = [];

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Threads.Add(Thread.CurrentThread.Name);
            Wrote?.Invoke(Thread.CurrentThread.Name);
            if (++_writes > WaitsAfter) await Task.Delay(1, cancellationToken);
            if (_writes > FailsAfter)
            {
                if (Stop is null) throw new IOException("full");
                await Stop.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
            }

            Write(buffer.Span);
        }
    }
}
