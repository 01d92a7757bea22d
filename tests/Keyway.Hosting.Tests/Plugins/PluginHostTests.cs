using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using NSubstitute;

namespace Keyway.Hosting.Plugins;

/// <summary>Real load contexts and really dropped assemblies: the zoo in tests/plugins.</summary>
public sealed class PluginHostTests : IDisposable
{
    private readonly PluginFolder _folder = new();
    private readonly InProcessBus _bus = new();
    private readonly MirrorBus _mirror;
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());
    private readonly List<string> _secretsFor = [];
    private readonly List<string> _facts = [];

    public PluginHostTests()
    {
        _mirror = new MirrorBus(_bus);
        _bus.Subscriber<PluginLoaded>().Subscribe(fact => _facts.Add($"loaded {fact.PluginId} {fact.Contract}"));
        _bus.Subscriber<PluginFaulted>().Subscribe(fact => _facts.Add($"faulted {fact.PluginId} {fact.Stage}"));
        _bus.Subscriber<PluginUnloaded>().Subscribe(fact => _facts.Add($"unloaded {fact.PluginId} {fact.Collected}"));
    }

    public void Dispose()
    {
        _mirror.Dispose();
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Plugin_that_fits_is_loaded_with_everything_it_registers()
    {
        _folder.Drop("good");
        await using PluginHost host = await LoadAsync(Allow("good"));

        host.Plugins.Should().ContainSingle().Which.Should().BeEquivalentTo(new
        {
            Id = "good",
            State = PluginState.Loaded,
            Assembly = "Zoo.Good.dll",
            Contract = KeywayContract.Version,
            Problem = (PluginProblem?)null,
            KeySystems = new[] { "good" },
            Providers = new[] { "good" },
            Middleware = new[] { "good.pass" },
        });
        host.KeySystems["good"].Create(Section(("Name", "from settings"))).Descriptor.Name.Should().Be("from settings");
        host.Providers["good"].Create(Section()).Name.Should().Be("good");
        host.Middleware["good.pass"].Create(Section()).SecretMembers.Should().BeEmpty();
        host.FindKeySystem("good", "any entry")!.Name.Should().Be("good", "the plugin has one only");
        host.FindKeySystem("other", "good").Should().BeNull();
        host.FindProvider("good", "good")!.PluginId.Should().Be("good");
        _facts.Should().Equal($"loaded good {KeywayContract.Version}");
        _secretsFor.Should().Equal("good");
    }

    [Theory]
    [InlineData("newer-contract", PluginFault.ContractMismatch, "contract", "built against contract 1.9, this host offers 1.0")]
    [InlineData("ships-contract", PluginFault.ShipsContract, "contract", "the folder has a copy of Keyway.Abstractions.dll*")]
    [InlineData("newer-closure", PluginFault.NewerDependency, "contract", "the folder has Microsoft.Extensions.Logging.Abstractions.dll 99.0.0.0*share 10.*")]
    [InlineData("missing-dependency", PluginFault.LoadFailed, "load", "*'Zoo.Missing, *")]
    [InlineData("throws-in-constructor", PluginFault.ConstructorThrew, "configure", "*Zoo.ThrowingPlugin threw System.InvalidOperationException: the constructor of the zoo")]
    [InlineData("throws-in-configure", PluginFault.ConfigureThrew, "configure", "Configure threw Zoo.ZooException: Configure of the zoo")]
    public async Task Plugin_that_does_not_fit_is_named_and_the_others_are_loaded(string plugin, PluginFault fault, string stage, string reason)
    {
        _folder.Drop(plugin);
        _folder.Drop("good", "zzz-good");
        await using PluginHost host = await LoadAsync(Allow(plugin, "good"));

        PluginRecord refused = host.Plugins[0];
        refused.Id.Should().Be(plugin);
        refused.State.Should().Be(PluginState.Refused);
        refused.Problem!.Fault.Should().Be(fault);
        refused.Problem.Stage.Should().Be(stage);
        refused.Problem.Reason.Should().Match(reason);
        host.Plugins[1].State.Should().Be(PluginState.Loaded);
        host.Middleware.Keys.Should().Equal("good.pass");
        _facts.Should().Equal($"faulted {plugin} {stage}", $"loaded good {KeywayContract.Version}");
        await NotInMemoryAsync(plugin);
    }

    [Fact]
    public async Task Plugin_with_a_container_of_its_own_loads_shares_what_the_host_has_and_leaves()
    {
        _folder.Drop("own-container");
        await using PluginHost host = await LoadAsync(Allow("own-container"));
        UseProvider(host, "own-container");
        (await host.UnloadAsync("own-container", TestContext.Current.CancellationToken)).Should().BeTrue();
    }

    [Fact]
    public async Task Plugin_with_a_native_library_finds_it()
    {
        _folder.Drop("native-dependency");
        await using PluginHost host = await LoadAsync(Allow("native-dependency"));

        // sqlite3_libversion_number(): the version times a million; the library is 3.x.
        host.Plugins.Should().ContainSingle().Which.Problem.Should().BeNull();
        host.Middleware.Keys.Should().ContainSingle().Which.Should().MatchRegex(@"^native-dependency\.sqlite-3\d{6}$");
    }

    [Theory]
    [InlineData("throws-in-parse-header", "ParseHeader of the zoo")]
    [InlineData("throws-in-write-challenge", "WriteChallenge of the zoo")]
    public async Task Plugin_that_throws_later_is_loaded_and_throws_an_exception_of_its_own(string plugin, string message)
    {
        _folder.Drop(plugin);
        await using PluginHost host = await LoadAsync(Allow(plugin));
        IKeySystem keySystem = host.KeySystems[plugin].Create(Section(("System", "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")));
        keySystem.Descriptor.Systems.Should().Equal(new SystemId(new Guid("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")));
        Func<Task> use = async () =>
        {
            keySystem.ParseHeader(new InitializationData { Kind = InitializationDataKind.Pssh, System = default, Payload = default });
            ILicenseSession session = await keySystem.OpenSessionAsync(new SessionRequest(), Substitute.For<ISessionHost>(), CancellationToken.None);
            await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, new ArrayBufferWriter<byte>(), CancellationToken.None);
        };
        (await use.Should().ThrowAsync<Exception>().WithMessage(message)).Which.GetType().FullName.Should().Be("Zoo.ZooException");
    }

    [Fact]
    public async Task Plugin_that_leaves_is_collected_though_it_had_subscribed_and_been_used()
    {
        _folder.Drop("good");
        await using PluginHost host = await LoadAsync(Allow("good"));
        IsInMemory(PluginCopies.MarkOf(Path.Combine(_folder.Path, "good"))).Should().BeTrue();
        UseKeySystem(host);
        _bus.Publisher<KeysChanged>().Publish(default);

        (await host.UnloadAsync("good", TestContext.Current.CancellationToken)).Should().BeTrue();
        _facts.Should().EndWith("unloaded good True");
        host.Plugins.Should().ContainSingle().Which.State.Should().Be(PluginState.Unloaded);
        host.KeySystems.Should().BeEmpty();
        host.Providers.Should().BeEmpty();
        host.Middleware.Should().BeEmpty();
        await NotInMemoryAsync("good");
        Func<Task> again = async () => await host.UnloadAsync("good", TestContext.Current.CancellationToken);
        await again.Should().ThrowAsync<ArgumentException>().WithMessage("no plugin 'good' is loaded*");
    }

    [Fact]
    public async Task Plugin_that_keeps_a_timer_is_reported_as_not_collected()
    {
        _folder.Drop("keeps-timer");
        await using PluginHost host = await LoadAsync(Allow("keeps-timer"));
        (await host.UnloadAsync("keeps-timer", TestContext.Current.CancellationToken)).Should().BeFalse();
        _facts.Should().EndWith("unloaded keeps-timer False");
    }

    [Fact]
    public async Task Plugin_of_a_host_that_does_not_unload_is_left_out_and_stays_in_memory()
    {
        _folder.Drop("good");
        await using PluginHost host = await LoadAsync(Allow("good") with { Unloadable = false });
        (await host.UnloadAsync("good", TestContext.Current.CancellationToken)).Should().BeFalse();
        host.KeySystems.Should().BeEmpty();
    }

    [Fact]
    public async Task Plugin_that_configuration_does_not_name_is_refused_unless_it_says_otherwise()
    {
        _folder.Drop("good");
        await using (PluginHost host = await LoadAsync(Allow()))
            host.Plugins.Should().ContainSingle().Which.Problem!.Fault.Should().Be(PluginFault.NotAllowed);
        await using (PluginHost host = await LoadAsync(Allow() with { Unknown = UnknownPlugins.Load }))
            host.Plugins.Should().ContainSingle().Which.State.Should().Be(PluginState.Loaded);
        _facts.Should().Equal("faulted good discovery", $"loaded good {KeywayContract.Version}");
    }

    [Fact]
    public async Task Disabled_plugins_are_not_loaded_and_absent_ones_are_told()
    {
        _folder.Drop("throws-in-constructor");
        PluginOptions options = Options(("throws-in-constructor", new AllowedPlugin { Disabled = true, Required = true }), ("nowhere", new AllowedPlugin()));
        await using PluginHost host = await LoadAsync(options);
        host.Plugins.Select(static record => (record.Id, record.State)).Should().Equal(("throws-in-constructor", PluginState.Disabled), ("nowhere", PluginState.Absent));
        _facts.Should().BeEmpty();
    }

    [Fact]
    public async Task Host_does_not_start_without_what_configuration_requires()
    {
        _folder.Drop("good");
        _folder.Drop("throws-in-configure");
        PluginOptions options = Options(
            ("good", new AllowedPlugin { Required = true }),
            ("throws-in-configure", new AllowedPlugin { Required = true }),
            ("nowhere", new AllowedPlugin { Required = true }));
        Func<Task> load = async () => await LoadAsync(options);
        PluginException thrown = (await load.Should().ThrowAsync<PluginException>()).Which;
        thrown.Required.Select(static record => record.Problem!.Fault).Should().Equal(PluginFault.ConfigureThrew, PluginFault.NotFound);
        thrown.Message.Should().Match("*'throws-in-configure': configure: Configure threw*'nowhere': discovery: no folder of*");
        await NotInMemoryAsync("good");
    }

    [Fact]
    public async Task Folder_without_a_plugin_is_named_also_when_its_files_are_no_assemblies()
    {
        string folder = _folder.Drop("good");
        File.Delete(Path.Combine(folder, "Zoo.Good.dll"));
        File.WriteAllText(Path.Combine(folder, "native.dll"), "MZ, and nothing behind it");
        PluginOptions options = Options(("good", new AllowedPlugin { Required = true }));
        Func<Task> load = async () => await LoadAsync(options);
        (await load.Should().ThrowAsync<PluginException>()).Which.Required.Should().ContainSingle().Which.Problem!.Fault.Should().Be(PluginFault.NoEntry);
    }

    [Fact]
    public async Task Two_plugins_in_one_folder_and_one_plugin_in_two_are_named()
    {
        _folder.Drop("good", "a");
        _folder.Drop("good", "b");
        _folder.Drop("keeps-timer", "c");
        _folder.Drop("native-dependency", "c");
        await using PluginHost host = await LoadAsync(Allow("good", "keeps-timer", "native-dependency"));
        host.Plugins.Where(static record => record.Problem?.Fault is not (null or PluginFault.NotFound)).Select(static record => record.Problem!.ToString()).Should().SatisfyRespectively(
            first => first.Should().Match("discovery: the plugin in *a has the id 'good' already (DuplicateId)"),
            second => second.Should().Be("discovery: more than one assembly carries [assembly: KeywayPlugin(…)]: Zoo.KeepsTimer.dll, Zoo.NativeDependency.dll (SeveralEntries)"));
        host.KeySystems.Should().ContainKey("good");
    }

    [Theory]
    [InlineData("Bad Id", "Some.Type", "1.0", PluginFault.MalformedAttribute, "'Bad Id' is no plugin id*")]
    [InlineData("../up", "Some.Type", "1.0", PluginFault.MalformedAttribute, "'../up' is no plugin id*")]
    [InlineData("made", "", "1.0", PluginFault.MalformedAttribute, "the attribute names no entry type")]
    [InlineData("made", "Some.Type, Other", "1.0", PluginFault.MalformedAttribute, "*type of another assembly")]
    [InlineData("made", "Some.Type", "one", PluginFault.ContractMismatch, "'one' is no contract version*")]
    [InlineData("made", "Some.Type", "2.0", PluginFault.ContractMismatch, "built against contract 2.0, this host offers 1.0")]
    [InlineData("made", "No.Type", "1.0", PluginFault.NotAPlugin, "the assembly has no type No.Type")]
    [InlineData("made", "Some.Type", "1.0", PluginFault.NotAPlugin, "Some.Type does not implement the host's Keyway.Plugins.IPlugin")]
    public async Task Attribute_is_read_as_it_is_written(string id, string entry, string contract, PluginFault fault, string reason)
    {
        _folder.Write("Made", id, entry, contract);
        await using PluginHost host = await LoadAsync(Allow() with { Unknown = UnknownPlugins.Load });
        PluginProblem problem = host.Plugins.Should().ContainSingle().Which.Problem!;
        problem.Fault.Should().Be(fault);
        problem.Reason.Should().Match(reason);
    }

    [Fact]
    public async Task Names_that_are_taken_are_refused_and_their_owner_is_named()
    {
        _folder.Drop("good");
        _folder.Drop("throws-in-parse-header");
        PluginOptions twice = Options(("good", new AllowedPlugin { Settings = Section(("Step", "PASS")) }), ("throws-in-parse-header", new AllowedPlugin()));
        await using (PluginHost host = await LoadAsync(twice))
            host.Plugins[0].Problem.Should().Be(new PluginProblem(PluginFault.DuplicateName, "plugin 'good' has a pipeline step 'good.PASS' already"));

        PluginOptions stolen = Options(("good", new AllowedPlugin { Settings = Section(("KeySystem", "throws-in-parse-header")) }), ("throws-in-parse-header", new AllowedPlugin()));
        await using (PluginHost host = await LoadAsync(stolen))
        {
            host.Plugins[1].Problem.Should().Be(new PluginProblem(PluginFault.DuplicateName, "plugin 'good' has a key system 'throws-in-parse-header' already"));
            host.KeySystems["throws-in-parse-header"].PluginId.Should().Be("good");
            host.FindKeySystem("good", "neither").Should().BeNull("the plugin has two");
        }
    }

    [Fact]
    public async Task Folder_that_everybody_may_write_to_is_refused()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("rights of Unix");
            return;
        }

        string folder = _folder.Drop("good");
        string file = Path.Combine(folder, "Zoo.Good.dll");
        foreach (string loose in new[] { folder, file, _folder.Path })
        {
            UnixFileMode mode = File.GetUnixFileMode(loose);
            File.SetUnixFileMode(loose, mode | UnixFileMode.OtherWrite);
            await using (PluginHost host = await LoadAsync(Allow("good")))
                host.Plugins.Should().ContainSingle().Which.Problem.Should().Be(
                    new PluginProblem(PluginFault.WritableByOthers, $"everybody may write to {loose}; take that right away (chmod o-w)"));
            File.SetUnixFileMode(loose, mode);
        }

        await using PluginHost strict = await LoadAsync(Allow("good"));
        strict.Plugins.Should().ContainSingle().Which.State.Should().Be(PluginState.Loaded);
    }

    [Fact]
    public async Task Pinned_plugin_is_loaded_from_a_private_copy_and_not_at_all_when_a_file_differs()
    {
        string folder = _folder.Drop("good");
        PluginOptions options = Options(("good", new AllowedPlugin { Pin = PluginPin.Compute(folder).ToUpperInvariant() }));
        await using (PluginHost host = await LoadAsync(options))
        {
            host.Plugins.Should().ContainSingle().Which.Problem.Should().BeNull();
            host.Plugins[0].Folder.Should().Be(folder);
            host.KeySystems["good"].Create.Method.Module.FullyQualifiedName.Should().NotStartWith(folder);
        }

        File.AppendAllText(Path.Combine(folder, "Zoo.Good.runtimeconfig.json"), " ");
        await using (PluginHost host = await LoadAsync(options))
        {
            host.Plugins.Should().ContainSingle().Which.Problem!.Fault.Should().Be(PluginFault.PinMismatch);
            host.Plugins[0].Problem!.Reason.Should().Contain(PluginPin.Compute(folder));
        }
    }

    [Fact]
    public async Task Missing_directory_has_no_plugins()
    {
        PluginOptions options = Allow() with { Directory = Path.Combine(_folder.Path, "nowhere") };
        await using PluginHost host = await PluginHost.LoadAsync(options, Services(), TestContext.Current.CancellationToken);
        host.Plugins.Should().BeEmpty();
    }

    private static IConfigurationSection Section(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(static setting => KeyValuePair.Create("s:" + setting.Key, (string?)setting.Value))).Build().GetSection("s");

    // In methods of their own, so that no frame of the test holds what the plugin made.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void UseKeySystem(PluginHost host) =>
        host.KeySystems["good"].Create(Section()).ParseHeader(new InitializationData { Kind = InitializationDataKind.Pssh, System = default, Payload = default }).Should().NotBeNull();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void UseProvider(PluginHost host, string name) => host.Providers[name].Create(Section()).Name.Should().Be(name);

    private async Task NotInMemoryAsync(string folder)
    {
        string mark = PluginCopies.MarkOf(Path.Combine(_folder.Path, folder));
        for (int attempt = 0; attempt < 20 && IsInMemory(mark); attempt++)
        {
            await Task.Delay(10);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        IsInMemory(mark).Should().BeFalse();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsInMemory(string mark) =>
        AssemblyLoadContext.All.Any(context => context.Assemblies.Any(loaded => !loaded.IsDynamic && loaded.Location.Contains(mark, StringComparison.Ordinal)));

    private PluginOptions Allow(params string[] plugins) => Options([.. plugins.Select(static plugin => (plugin, new AllowedPlugin()))]);

    private PluginOptions Options(params (string Id, AllowedPlugin Allowed)[] plugins) => new()
    {
        Directory = _folder.Path,
        Unloadable = true,
        Allow = plugins.ToDictionary(static plugin => plugin.Id, static plugin => plugin.Allowed),
    };

    private ValueTask<PluginHost> LoadAsync(PluginOptions options) => PluginHost.LoadAsync(options, Services(), TestContext.Current.CancellationToken);

    private PluginServices Services() => new()
    {
        Bus = _bus,
        Events = _mirror,
        Http = _http,
        Secrets = id =>
        {
            _secretsFor.Add(id);
            return Substitute.For<ISecretReader>();
        },
    };
}
