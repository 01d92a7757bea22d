using System.Diagnostics;
using System.Runtime.Versioning;

namespace Keyway.Hosting.Plugins;

/// <summary>Who else could put other code in a plugin's place. Owners are changed where the tests run as root, as they do in a container; modes and links everywhere.</summary>
[SupportedOSPlatform("linux")]
public sealed class PluginFolderRightsTests : IDisposable
{
    private const string Stranger = "54321";
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly string _root = Directory.CreateTempSubdirectory("keyway-rights-").FullName;
    private readonly string _folder;

    public PluginFolderRightsTests()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("only Linux tells who owns a file");
        _folder = Path.Combine(_root, "host", "plugins", "one");
        Directory.CreateDirectory(Path.Combine(_folder, "runtimes"));
        File.WriteAllText(Path.Combine(_folder, "One.dll"), "");
        File.WriteAllText(Path.Combine(_folder, "runtimes", "native.so"), "");
        foreach (string folder in Directory.EnumerateDirectories(_root, "*", SearchOption.AllDirectories).Prepend(_root)) File.SetUnixFileMode(folder, Own);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void What_is_the_user_s_own_is_loaded() => PluginFolderRights.Check(_folder).Should().BeNull();

    [Theory]
    [InlineData("")]
    [InlineData("host")]
    [InlineData("host/plugins")]
    [InlineData("host/plugins/one")]
    [InlineData("host/plugins/one/One.dll")]
    [InlineData("host/plugins/one/runtimes")]
    [InlineData("host/plugins/one/runtimes/native.so")]
    public void What_belongs_to_another_user_is_refused(string name)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.Combine(_root, name));
        Run("chown", Stranger, path);
        PluginFolderRights.Check(_folder).Should().Match<PluginProblem>(problem =>
            problem.Fault == PluginFault.WritableByOthers && problem.Reason.StartsWith($"{path} belongs to user {Stranger}") && problem.Reason.Contains("root loads only what root owns"));
        Run("chown", "0", path);
        PluginFolderRights.Check(_folder).Should().BeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("host")]
    [InlineData("host/plugins/one/runtimes/native.so")]
    public void What_everybody_may_write_to_is_refused_however_far_above(string name)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.Combine(_root, name));
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherWrite);
        PluginFolderRights.Check(_folder)!.Reason.Should().StartWith($"everybody may write to {path}");
    }

    [Fact]
    public void Where_nobody_can_take_what_is_another_s_the_owner_is_enough()
    {
        File.SetUnixFileMode(_root, Own | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite | UnixFileMode.StickyBit);
        PluginFolderRights.Check(_folder).Should().BeNull();

        // But whoever may write into the folder itself adds to it.
        File.SetUnixFileMode(_folder, Own | UnixFileMode.OtherWrite | UnixFileMode.StickyBit);
        PluginFolderRights.Check(_folder)!.Reason.Should().StartWith($"everybody may write to {_folder}");
    }

    [Theory]
    [InlineData(54321, true)]   // nobody knows who is in it
    [InlineData(0, false)]
    public void A_group_of_strangers_may_not_write(int group, bool refused)
    {
        string file = Path.Combine(_folder, "One.dll");
        Run("chgrp", $"{group}", file);
        File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.GroupWrite);
        if (refused) PluginFolderRights.Check(_folder)!.Reason.Should().StartWith($"group {group} may write to {file}");
        else PluginFolderRights.Check(_folder).Should().BeNull();
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("file")]
    [InlineData("subfolder")]
    [InlineData("plugins")]
    public void What_a_link_leads_to_counts_with_everything_above_it(string kind)
    {
        string open = Directory.CreateDirectory(Path.Combine(_root, "open")).FullName;
        string target = Path.Combine(open, "two");
        Directory.CreateDirectory(target);
        File.WriteAllText(Path.Combine(target, "Two.dll"), "");
        foreach (string folder in (string[])[open, target]) File.SetUnixFileMode(folder, Own);
        string link = Path.Combine(_root, "host", "plugins", "linked");
        string asked = _folder;
        switch (kind)
        {
            case "folder":
                Directory.CreateSymbolicLink(asked = link, target);
                break;
            case "file":
                File.CreateSymbolicLink(Path.Combine(_folder, "Two.dll"), "../../../open/two/Two.dll");
                break;
            case "subfolder":
                Directory.CreateSymbolicLink(Path.Combine(_folder, "more"), target);
                break;
            default:
                Directory.CreateSymbolicLink(link, open);
                asked = Path.Combine(link, "two");
                break;
        }

        PluginFolderRights.Check(asked).Should().BeNull();
        File.SetUnixFileMode(open, Own | UnixFileMode.OtherWrite);
        PluginFolderRights.Check(asked)!.Reason.Should().StartWith($"everybody may write to {open}");
        File.SetUnixFileMode(open, Own);
        string file = Path.Combine(target, "Two.dll");
        File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.OtherWrite);
        PluginFolderRights.Check(asked)!.Reason.Should().Match($"everybody may write to *Two.dll*");
    }

    [Fact]
    public void A_link_that_leads_nowhere_or_in_a_circle_is_refused()
    {
        string link = Path.Combine(_folder, "Two.dll");
        File.CreateSymbolicLink(link, "nowhere.dll");
        PluginFolderRights.Check(_folder)!.Fault.Should().Be(PluginFault.Unreadable);
        File.Delete(link);
        File.CreateSymbolicLink(link, "Two.dll");
        PluginFolderRights.Check(_folder)!.Fault.Should().Be(PluginFault.Unreadable);
    }

    [Fact]
    public async Task A_pipe_among_the_files_is_named_and_not_opened()
    {
        Run("mkfifo", Path.Combine(_folder, "Pipe.dll"));
        Task<string?> read = Task.Run(() => PluginDiscovery.Read(_folder, out PluginProblem? problem) is null ? problem!.Reason : null, TestContext.Current.CancellationToken);
        (await read.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Should().Contain("Pipe.dll is a pipe");
        Func<Task> pin = () => Task.Run(() => PluginPin.Compute(_folder), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        (await pin.Should().ThrowAsync<IOException>()).Which.Message.Should().Contain("Pipe.dll is a pipe");
    }

    [Fact]
    public void Members_of_a_group_are_those_it_lists_and_those_whose_own_it_is()
    {
        string passwd = Path.Combine(_root, "passwd"), groups = Path.Combine(_root, "group");
        File.WriteAllLines(passwd, ["root:x:0:0:root:/root:/bin/sh", "ann:x:1000:1000::/home/ann:/bin/sh", "ben:x:1001:1001::/home/ben:/bin/sh"]);
        File.WriteAllLines(groups, ["root:x:0:", "ann:x:1000:", "ben:x:1001:ann", "team:x:50:ann,ben", "far:x:60:someone-else", "none:x:70:"]);
        UserNames.MembersOf(0, passwd, groups).Should().BeEquivalentTo([0u]);
        UserNames.MembersOf(1000, passwd, groups).Should().BeEquivalentTo([1000u]);
        UserNames.MembersOf(1001, passwd, groups).Should().BeEquivalentTo([1000u, 1001u]);
        UserNames.MembersOf(50, passwd, groups).Should().BeEquivalentTo([1000u, 1001u]);
        UserNames.MembersOf(60, passwd, groups).Should().BeNull("who that is only another directory knows");
        UserNames.MembersOf(70, passwd, groups).Should().BeEmpty();
        UserNames.MembersOf(80, passwd, groups).Should().BeNull();
    }

    private static void Run(string program, params string[] arguments)
    {
        if (program is "chown" or "chgrp" && !Environment.IsPrivilegedProcess) Assert.Skip("only root gives files to others");
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        process.ExitCode.Should().Be(0);
    }
}
