namespace Keyway.Cdm.Child;

public sealed class SharedMemoryTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_written_is_read_also_after_it_has_grown(bool hasName)
    {
        using SharedMemory memory = hasName ? SharedMemory.OnFile(8192, maps: false) : SharedMemory.Create(8192);
        byte[] bytes = [.. Enumerable.Range(0, 4096).Select(static i => (byte)(i * 7))];
        memory.Write(4096, bytes);
        memory.Grow(1 << 20);
        byte[] read = new byte[4096];
        memory.Read(4096, read);
        read.Should().Equal(bytes);
        memory.Write((1 << 20) - 4096, bytes);
        memory.Read((1 << 20) - 4096, read);
        read.Should().Equal(bytes);
        new Action(() => memory.Write((1 << 20) - 4095, bytes)).Should().Throw<ArgumentOutOfRangeException>();
        new Action(() => memory.Read(-1, read)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void A_file_that_somebody_shortens_is_an_error_and_no_signal()
    {
        using SharedMemory memory = SharedMemory.OnFile(8192, maps: false);
        memory.Argument.Should().StartWith(Path.GetTempPath());
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(memory.Argument).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using (FileStream shorter = new(memory.Argument, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete)) shorter.SetLength(10);
        new Action(() => memory.Read(4096, new byte[10])).Should().Throw<IOException>();
        string path = memory.Argument;
        memory.Dispose();
        File.Exists(path).Should().BeFalse();
    }

    [Fact]
    public void Memory_without_a_name_cannot_be_shortened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sealed memory is Linux's");
        using SharedMemory memory = SharedMemory.Create(8192);
        memory.Argument.Should().MatchRegex("^fd:[0-9]+$");
        using FileStream again = new($"/proc/self/fd/{memory.Argument[3..]}", FileMode.Open, FileAccess.ReadWrite);
        new Action(() => again.SetLength(10)).Should().Throw<Exception>();
        memory.Read(8000, new byte[100]);
    }
}
