using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Conformance;

/// <summary>What a module hands back for a sample is looked at, and what is not right is not called clear.</summary>
public sealed class DecryptTests
{
    private const string Key = "key 000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f";

    private static readonly byte[] Kid = Convert.FromHexString("000102030405060708090a0b0c0d0e0f");
    private static readonly byte[] Vector = [1, 2, 3, 4, 5, 6, 7, 8];

    [Theory]
    [InlineData("decrypt")]
    [InlineData("pooled")]
    [InlineData("given-back-twice", nameof(CdmIrregularity.BufferTwice))]
    [InlineData("keep; decrypt")]
    [InlineData("decrypt; status 0")]
    public async Task Sample_is_clear_wherever_its_buffer_lies(string actions, params string[] broken)
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync(Key, $"on Decrypt {actions}");
        byte[] encrypted = [.. Enumerable.Range(0, 5000).Select(number => (byte)number)];
        BatchAnswered answered = await child.DecryptAsync(1, CdmScheme.Cenc, Kid, (0, 0), new BatchItem(encrypted, Vector), new BatchItem([], Vector), new BatchItem(encrypted, Vector, (100, 4900)));
        answered.Status.Should().Be(CdmStatus.Success);
        answered.Nanoseconds.Should().BeGreaterThan(0);
        byte[] stream = KeyStream(5000);
        answered.Clear[0].Should().Equal(encrypted.Select((value, at) => (byte)(value ^ stream[at])));
        answered.Clear[1].Should().BeEmpty("a sample of no bytes is clear, and no module is asked");
        answered.Clear[2].Should().Equal(encrypted.Select((value, at) => at < 100 ? value : (byte)(value ^ stream[at - 100])));
        (await child.IrregularitiesAsync()).Select(rule => rule.ToString()).Distinct().Should().Equal(broken);
    }

    [Theory]
    [InlineData("short", nameof(CdmStatus.DecryptError), nameof(CdmIrregularity.DecryptedBuffer))]
    [InlineData("more", nameof(CdmStatus.DecryptError), nameof(CdmIrregularity.DecryptedBuffer))]
    [InlineData("none", nameof(CdmStatus.DecryptError), nameof(CdmIrregularity.DecryptedBuffer))]
    [InlineData("foreign", nameof(CdmStatus.DecryptError), nameof(CdmIrregularity.DecryptedBuffer))]
    [InlineData("given-back", nameof(CdmStatus.DecryptError), nameof(CdmIrregularity.DecryptedBuffer))]
    [InlineData("status 99", nameof(CdmStatus.DecryptError), nameof(CdmIrregularity.DecryptStatus))]
    [InlineData("status 1", nameof(CdmStatus.NeedMoreData))]
    [InlineData("status 2", nameof(CdmStatus.NoKey))]
    [InlineData("status 3", nameof(CdmStatus.InitializationError))]
    [InlineData("status 4", nameof(CdmStatus.DecryptError))]
    [InlineData("status 5", nameof(CdmStatus.DecodeError))]
    [InlineData("status 6", nameof(CdmStatus.DeferredInitialization))]
    [InlineData("status-with-buffer 2", nameof(CdmStatus.NoKey))]
    public async Task What_is_not_right_is_not_clear_and_what_follows_is_not_tried(string actions, string status, params string[] broken)
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync(Key, $"on Decrypt {actions}");
        for (int i = 0; i < 3; i++)
        {
            BatchAnswered answered = await child.DecryptAsync(0, CdmScheme.Cenc, Kid, (0, 0), new BatchItem(new byte[100], Vector), new BatchItem(new byte[100], Vector));
            answered.Status.ToString().Should().Be(status);
            answered.Clear.Should().BeEmpty();
        }

        child.Log.Count(line => line == "> 9").Should().Be(3);
        (await child.IrregularitiesAsync()).Select(rule => rule.ToString()).Distinct().Should().Equal(broken);
    }

    [Fact]
    public async Task Samples_before_the_first_that_fails_are_clear()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync(Key);
        BatchItem good = new(new byte[100], Vector);
        BatchAnswered answered = await child.DecryptAsync(0, CdmScheme.Cenc, Kid, (0, 0), good, good, new BatchItem(new byte[100], Vector, (50, 49)), good);
        answered.Status.Should().Be(CdmStatus.NeedMoreData, "a map that does not fit its sample is malformed, and a module would have left the last byte as it was");
        answered.Clear.Should().HaveCount(2);
        child.Log.Count(line => line == "> 9").Should().Be(2);
        answered = await child.DecryptAsync(0, CdmScheme.Cenc, new byte[16], (0, 0), good);
        answered.Status.Should().Be(CdmStatus.NoKey);
    }

    [Fact]
    public async Task Module_that_keeps_every_buffer_gets_none_in_the_end_and_the_child_lives()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync(Key, "on Decrypt repeat 100 allocate-kept 10; decrypt");
        BatchItem[] items = [.. Enumerable.Repeat(new BatchItem(new byte[100], Vector), 20)];
        BatchAnswered answered = await child.DecryptAsync(0, CdmScheme.Cenc, Kid, (0, 0), items);
        answered.Status.Should().Be(CdmStatus.DecryptError);
        answered.Clear.Should().HaveCount(10);
        (await child.CallAsync(FrameType.Ping)).Type.Should().Be(FrameType.Pong);
    }

    [Theory]
    [InlineData("allocate 0", "buffer capacity 0 size 0")]
    [InlineData("allocate 1", "buffer capacity 1 size 1")]
    [InlineData("allocate 68157440", "buffer capacity 68157440 size 68157440")]
    [InlineData("allocate 68157441", "no buffer")]
    [InlineData("allocate 4294967295", "no buffer")]
    public async Task Buffers_are_of_the_size_that_is_asked_for_up_to_the_largest_sample(string action, string line)
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync($"on CreateSession {action}; session");
        await child.CreateSessionAsync();
        child.Log.Should().Contain(line);
    }

    [Fact]
    public async Task Nothing_is_allocated_for_a_sample()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync("measure");
        BatchItem[] items = [.. Enumerable.Range(0, 200).Select(number => new BatchItem(new byte[100 + number], Vector, (50, 50u + (uint)number))), new BatchItem(new byte[1], Vector)];
        for (int round = 0; round < 5; round++) (await child.DecryptAsync(0, CdmScheme.Cbcs, Kid, (1, 9), items)).Status.Should().Be(CdmStatus.Success);
        child.Log.Where(line => line.StartsWith("allocated", StringComparison.Ordinal)).Should().HaveCount(5).And.OnlyContain(line => line == "allocated 0");
    }

    [Fact]
    public async Task Samples_decrypted_before_the_memory_grew_and_after_are_right()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync("measure");
        foreach (int region in (int[])[ArenaLayout.FirstRegion, ArenaLayout.FirstRegion * 2, ArenaLayout.FirstRegion * 4])
        {
            if (region != ArenaLayout.FirstRegion) await child.GrowAsync(region);
            byte[] sample = new byte[region];
            new Random(region).NextBytes(sample);
            BatchAnswered answered = await child.DecryptAsync(1, CdmScheme.Cenc, Kid, (0, 0), new BatchItem(sample, Vector));
            answered.Status.Should().Be(CdmStatus.Success);
            answered.Clear[0].AsSpan().SequenceEqual(sample).Should().BeTrue();
        }
    }

    private static byte[] KeyStream(int length)
    {
        using System.Security.Cryptography.Aes aes = System.Security.Cryptography.Aes.Create();
        aes.Key = Convert.FromHexString("101112131415161718191a1b1c1d1e1f");
        byte[] stream = new byte[(length + 15) / 16 * 16];
        for (int block = 0; block < stream.Length / 16; block++)
        {
            byte[] counter = [.. Vector, .. new byte[8]];
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(counter.AsSpan(8), block);
            aes.EncryptEcb(counter, System.Security.Cryptography.PaddingMode.None).CopyTo(stream, block * 16);
        }

        return stream;
    }
}
