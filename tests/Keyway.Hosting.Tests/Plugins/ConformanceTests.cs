using Keyway.Testing;

namespace Keyway.Hosting.Plugins;

/// <summary>What every plugin's folder promises: those that behave keep it, and each of the zoo that does not is told the sentence that names its fault.</summary>
public sealed class ConformanceTests : IDisposable
{
    private readonly PluginFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("clearkey")]
    [InlineData("good")]
    [InlineData("own-container")]
    [InlineData("native-dependency")]
    [InlineData("tollgate")]
    [InlineData("faulty")]
    [InlineData("rules")]
    [InlineData("versioned")]
    [InlineData("versioned-second")]
    public async Task Plugin_that_behaves_keeps_every_promise(string plugin)
    {
        string folder = _folder.Drop(plugin);
        foreach (string promise in PluginFolderConformance.Promises) await new PluginFolderConformance(folder).CheckAsync(promise);
    }

    [Theory]
    [InlineData("newer-contract", "It was built for a contract that hosts of this version offer", "built against contract 1.9, this host offers 1.0")]
    [InlineData("ships-contract", "It has no copy of the contract, and nothing of what host and plugins share in a newer version", "the folder has a copy of Keyway.Abstractions.dll*")]
    [InlineData("newer-closure", "It has no copy of the contract, and nothing of what host and plugins share in a newer version", "the folder has Microsoft.Extensions.Logging.Abstractions.dll 99.0.0.0*")]
    [InlineData("missing-dependency", "Everything that its code refers to is in its folder or with the host", "*'Zoo.Missing, *")]
    [InlineData("throws-in-constructor", "It can be made, and configured without settings", "*the constructor of the zoo")]
    [InlineData("throws-in-configure", "It can be made, and configured without settings", "*Configure of the zoo")]
    [InlineData("throws-in-write-challenge", "A session without credentials and content writes a challenge, or is refused with an exception of Keyway", "*ZooException: WriteChallenge of the zoo")]
    public async Task Plugin_of_the_zoo_is_told_its_fault_and_no_other(string plugin, string promise, string seen)
    {
        IReadOnlyList<PluginFolderFinding> findings = await CheckAsync(plugin);
        PluginFolderFinding broken = findings.Should().ContainSingle(static finding => finding.State == PromiseState.Broken).Subject;
        broken.Promise.Should().Be(promise);
        broken.Seen.Should().Match(seen);
        findings.Select(static finding => finding.Promise).Should().Equal(PluginFolderConformance.Promises);

        // The suite without the command says the same.
        Func<Task> check = () => new PluginFolderConformance(Path.Combine(_folder.Path, plugin)).CheckAsync(promise);
        (await check.Should().ThrowAsync<ConformanceException>()).Which.Finding.Should().Be(broken.Seen);
    }

    [Fact]
    public async Task Plugin_that_keeps_a_timer_is_told_the_field_and_that_it_does_not_leave()
    {
        IReadOnlyList<PluginFolderFinding> findings = await CheckAsync("keeps-timer");
        findings.Where(static finding => finding.State == PromiseState.Broken).Select(static finding => (finding.Promise, finding.Seen![..40])).Should().Equal(
            ("No static field of it is a timer", "Zoo.TimerPlugin._timer is a System.Threading.Timer"[..40]),
            ("It leaves memory when a host lets it go", "it was disposed and unloaded, and something still holds it"[..40]));
    }

    [Fact]
    public async Task Plugin_that_throws_wherever_it_is_asked_is_told_each_place()
    {
        IReadOnlyList<PluginFolderFinding> findings = await CheckAsync("throws-in-parse-header");
        findings.Where(static finding => finding.State == PromiseState.Broken).Select(static finding => (finding.Promise[..20], finding.Seen![^31..])).Should().Equal(
            ("Initialisation data ", "oException: ParseHeader of the zoo"[^31..]), ("A session without cr", "Zoo.ZooException: OpenSession of the zoo"[^31..]), ("A key system that is", "threw Zoo.ZooException: Dispose of the zoo"[^31..]));
    }

    [Fact]
    public async Task Plugin_that_lets_the_exceptions_of_a_library_out_is_told_where()
    {
        IReadOnlyList<PluginFolderFinding> findings = await CheckAsync("other-protobuf");
        PluginFolderFinding[] broken = [.. findings.Where(static finding => finding.State == PromiseState.Broken)];
        broken.Select(static finding => finding.Promise[..20]).Should().Equal("Initialisation data ", "A session without cr");
        broken[0].Seen.Should().Contain("made it throw Google.Protobuf.InvalidProtocolBufferException");
        broken[1].Seen.Should().Contain("it threw System.NotSupportedException");
    }

    [Fact]
    public async Task Careless_plugin_is_told_everything_at_once()
    {
        Dictionary<string, string> broken = (await CheckAsync("careless")).Where(static finding => finding.State == PromiseState.Broken).ToDictionary(static finding => finding.Promise, static finding => finding.Seen!);
        broken.Keys.Should().Equal(
            "It is built so that the same source gives the same bytes",
            "It uses nothing that is banned for plugins because it would keep them in memory",
            "What it registers has names that configuration can ask for, each once",
            "What it registers can be made without settings, or says in a sentence what is missing",
            "A key system that is made says what it is, and always the same",
            "Initialisation data that makes no sense is read, or refused with ProtectionHeaderException",
            "A session without credentials and content writes a challenge, or is refused with an exception of Keyway",
            "A key system that is made can be disposed, and disposed again");
        broken["It uses nothing that is banned for plugins because it would keep them in memory"].Should()
            .Contain("System.Threading.AsyncLocal`1 (A value of a plugin type keeps the plugin in memory)").And.Contain("System.Text.Json.JsonSerializer.Serialize``1(``0,System.Text.Json.JsonSerializerOptions) (Reflection");
        broken["What it registers has names that configuration can ask for, each once"].Should().StartWith("the step 'careless.a:colon' has a name");
        broken["What it registers can be made without settings, or says in a sentence what is missing"].Should().Contain("provider 'careless'").And.Contain("NullReferenceException");
    }

    [Fact]
    public async Task Plugin_that_hangs_is_given_up()
    {
        PluginFolderCheck check = new(_folder.Drop("hangs")) { Patience = TimeSpan.FromMilliseconds(200) };
        IReadOnlyList<PluginFolderFinding> findings = await check.CheckAsync(TestContext.Current.CancellationToken);
        findings.Should().Contain(new PluginFolderFinding("It can be made, and configured without settings", PromiseState.Broken, "it has not come back after 0.2 s"));
        findings[^1].State.Should().Be(PromiseState.NotLookedAt);
    }

    [Fact]
    public async Task Folder_that_is_no_plugin_is_told_so_and_nothing_else_is_looked_at()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "empty"));
        foreach ((string name, string seen) in ((string, string)[])[("empty", "no assembly of the folder carries*"), ("nowhere", "there is no such folder")])
        {
            IReadOnlyList<PluginFolderFinding> findings = await new PluginFolderCheck(Path.Combine(_folder.Path, name)).CheckAsync(TestContext.Current.CancellationToken);
            findings[0].Seen.Should().Match(seen);
            findings.Skip(1).Should().OnlyContain(static finding => finding.State == PromiseState.NotLookedAt);
        }
    }

    [Fact]
    public async Task Folder_with_a_link_is_told_that_it_cannot_be_pinned()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs links");
        string folder = _folder.Drop("good");
        File.CreateSymbolicLink(Path.Combine(folder, "more"), "/etc/hostname");
        IReadOnlyList<PluginFolderFinding> findings = await new PluginFolderCheck(folder).CheckAsync(TestContext.Current.CancellationToken);
        findings.Should().ContainSingle(static finding => finding.State == PromiseState.Broken).Which.Seen.Should().Contain("is a link");
    }

    private async Task<IReadOnlyList<PluginFolderFinding>> CheckAsync(string plugin) =>
        await new PluginFolderCheck(_folder.Drop(plugin)).CheckAsync(TestContext.Current.CancellationToken);
}
