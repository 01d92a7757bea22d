namespace Keyway.Decryption;

public sealed class ContentKeyTests
{
    [Theory]
    [InlineData(Acceleration.Auto)]
    [InlineData(Acceleration.Portable)]
    public void Key_is_zeroed_and_freed_when_it_is_disposed(Acceleration acceleration)
    {
        RecordingKeyMemory memory = new();
        ContentKey key = ContentKey.Create(Bytes.Id(1), Bytes.Key, acceleration, memory);
        memory.Holds(Bytes.Key).Should().BeTrue();
        memory.Live.Should().Be(1);
        key.Dispose();
        key.Dispose();
        memory.ShouldBeCleanAfter(keys: 1);
    }

    [Fact]
    public void Key_lives_until_the_last_reference_is_given_back()
    {
        RecordingKeyMemory memory = new();
        ContentKey key = ContentKey.Create(Bytes.Id(1), Bytes.Key, Acceleration.Auto, memory);
        key.TryAddReference().Should().BeTrue();
        key.TryAddReference().Should().BeTrue();
        key.Dispose();
        memory.Live.Should().Be(1);
        key.ReleaseReference();
        memory.Live.Should().Be(1);
        key.ReleaseReference();
        memory.ShouldBeCleanAfter(keys: 1);
        key.TryAddReference().Should().BeFalse("it is gone");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(17)]
    [InlineData(32)]
    public void Keys_of_other_sizes_are_refused(int size)
    {
        RecordingKeyMemory memory = new();
        Action create = () => ContentKey.Create(Bytes.Id(1), new byte[size], Acceleration.Auto, memory).Dispose();
        create.Should().Throw<ArgumentException>();
        memory.Allocated.Should().Be(0);
    }

    [Fact]
    public void Text_is_the_identifier()
    {
        using ContentKey key = ContentKey.Create(Bytes.Id(0x1234), Bytes.Key);
        key.ToString().Should().Be("00000000000000000000000000001234");
    }

    [Fact]
    public void Process_memory_gives_zeroed_blocks_and_takes_them_back()
    {
        unsafe
        {
            for (int i = 0; i < 100; i++)
            {
                byte* block = KeyMemory.Default.Allocate(AesKeySchedule.Size);
                ((nuint)block % 64).Should().Be(0);
                Span<byte> bytes = new(block, AesKeySchedule.Size);
                bytes.IndexOfAnyExcept((byte)0).Should().Be(-1);
                bytes.Fill(0xFF);
                KeyMemory.Default.Free(block, AesKeySchedule.Size);
            }
        }
    }
}
