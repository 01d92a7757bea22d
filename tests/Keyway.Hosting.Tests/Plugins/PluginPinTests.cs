namespace Keyway.Hosting.Plugins;

public sealed class PluginPinTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-pin-").FullName;

    public PluginPinTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "sub"));
        File.WriteAllText(Path.Combine(_folder, "a.txt"), "abc");
        File.WriteAllText(Path.Combine(_folder, "A.txt.dll"), "x");
        File.WriteAllText(Path.Combine(_folder, "sub", "b.bin"), "");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Pin_is_what_coreutils_make_of_the_same_lines() =>

        // for f in A.txt.dll a.txt sub/b.bin; do printf '%s\0%s\0%s\n' $f $(stat -c %s $f) $(sha256sum $f | cut -d' ' -f1); done | sha256sum
        PluginPin.Compute(_folder).Should().Be("03e542c3be0292e4810ed93ecc3c8eb251e9dd439d3771277ce66322e13122ae");

    [Fact]
    public void Any_change_changes_the_pin()
    {
        HashSet<string> pins = [PluginPin.Compute(_folder)];
        File.WriteAllText(Path.Combine(_folder, "a.txt"), "abd");
        pins.Add(PluginPin.Compute(_folder)).Should().BeTrue("a file's content counts");
        File.WriteAllText(Path.Combine(_folder, "sub", ".hidden"), "");
        pins.Add(PluginPin.Compute(_folder)).Should().BeTrue("hidden files count");
        File.Move(Path.Combine(_folder, "a.txt"), Path.Combine(_folder, "sub", "a.txt"));
        pins.Add(PluginPin.Compute(_folder)).Should().BeTrue("a file's place counts");
    }

    [Fact]
    public void Links_cannot_be_pinned()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("links need a right on Windows");
        File.CreateSymbolicLink(Path.Combine(_folder, "link.dll"), "/etc/hostname");
        Action pin = () => PluginPin.Compute(_folder);
        pin.Should().Throw<IOException>().WithMessage("*link.dll is a link*");
    }
}
