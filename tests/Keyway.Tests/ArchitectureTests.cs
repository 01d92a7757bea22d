using System.Reflection;
using System.Text.RegularExpressions;
using Keyway.Architecture;
using Keyway.Messaging;
using Keyway.Plugins;
using Keyway.Testing;

namespace Keyway;

/// <summary>The rules of who may know whom (docs/architecture.md, "Rooms"). Each checker is shown something that breaks its rule, too.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly Assembly Contract = typeof(KeyId).Assembly;
    private static readonly Assembly Engine = typeof(KeywayEngine).Assembly;
    private static readonly string[] ContractPackages = ["Microsoft.Extensions.Configuration.Abstractions", "Microsoft.Extensions.Logging.Abstractions"];

    /// <summary>The two packages, and what they bring.</summary>
    private static readonly string[] ContractClosure = [.. ContractPackages, "Microsoft.Extensions.Primitives"];

    /// <summary>What every room may use: how bad input and failing plugins are told, how much of it is read, what streams have in common.</summary>
    private const string Ground = "Keyway.Primitives";

    private static readonly SourceTree Tree = SourceTree.Read("framework/Keyway");

    /// <summary>What leads up, and may as long as its reason holds.</summary>
    private static readonly (Type By, Type Named, string Why)[] LeadUp =
    [
        (typeof(Sessions.SessionEngine), typeof(Wiring), "the table of who hears whom is made by the room that it is about"),
        (typeof(PluginText), typeof(Licensing.Secrets.Redactor), "what a plugin says is masked as the answer of a service is"),
    ];

    [GeneratedRegex(@"\bMcMaster\b")]
    private static partial Regex McMaster { get; }

    [GeneratedRegex(@" : Stream\b")]
    private static partial Regex OwnStream { get; }

    // Whoever looks for a size of 1 reads a header.
    [GeneratedRegex(@"\bsize == 1\b")]
    private static partial Regex LargeSize { get; }

    [GeneratedRegex(@"\.Subscribe\s*\(")]
    private static partial Regex Subscribing { get; }

    // ---- projects

    [Fact]
    public void Contract_needs_the_base_library_and_two_packages()
    {
        ProjectFile project = Project("Keyway.Abstractions");
        project.Projects.Should().BeEmpty();
        project.Packages.Should().BeEquivalentTo(ContractPackages);
        Strangers(Contract, ContractClosure).Should().BeEmpty();
        Strangers(Engine, ContractClosure).Should().Equal(["Keyway.Abstractions", "Polly.Core"], "the checker sees a reference that is not allowed");
    }

    [Fact]
    public void Contract_is_frozen_at_its_major_version()
    {
        Contract.GetName().Version.Should().Be(new Version(1, 0, 0, 0));
        Engine.GetName().Version.Should().NotBe(new Version(1, 0, 0, 0), "the checker tells versions apart");
        Version.Parse(KeywayContract.Version).Major.Should().Be(1);
    }

    [Fact]
    public void Contract_offers_no_container_and_no_logger_of_a_type()
    {
        // Either would keep a plugin in memory for ever.
        string[] kept = ["System.IServiceProvider", "Microsoft.Extensions.Logging.ILogger`1"];
        Contract.GetTypes().SelectMany(type => TypeReferences.Of(type)).Select(type => type.FullName).Should().NotContain(kept);
        TypeReferences.Of(typeof(Breaking.Containers)).Select(type => type.FullName).Should().Contain(kept);
    }

    [Fact]
    public void Engine_needs_the_contract_and_a_library_that_waits()
    {
        // Back-off and time-outs of licence exchanges; the library itself needs nothing else.
        ProjectFile project = Project("Keyway");
        project.Compiled.Should().Equal("Keyway.Abstractions");
        project.Packages.Should().Equal("Polly.Core");
        Strangers(Engine, [.. ContractClosure, "Keyway.Abstractions", "Polly.Core"]).Should().BeEmpty();
        Strangers(typeof(ArchitectureTests).Assembly, [.. ContractClosure, "Keyway.Abstractions"]).Should().Contain(["Keyway", "FluentAssertions"]);
    }

    [Fact]
    public void Engine_hides_nothing_beside_its_owner()
    {
        // What belongs to an exchange or a session is carried by it, and found where it is.
        Hidden(Engine).Should().BeEmpty();
        Hidden(typeof(Breaking).Assembly).Should().ContainSingle("the checker sees one").Which.DeclaringType.Should().Be<Breaking.Hides>();

        static IEnumerable<FieldInfo> Hidden(Assembly assembly) => assembly.GetTypes().Where(static type => !type.ContainsGenericParameters)
            .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(static field => field.FieldType.IsGenericType && field.FieldType.GetGenericTypeDefinition() == typeof(System.Runtime.CompilerServices.ConditionalWeakTable<,>));
    }

    [Fact]
    public void Nothing_of_the_engine_s_that_could_grow_belongs_to_nobody()
    {
        // Whatever may have elements added is a field of an object that ends. Three are filled when they are made and never after.
        Growing(Engine).Select(static field => $"{field.DeclaringType!.Name}.{field.Name}").Should().BeEquivalentTo("LanguageTag.Shortest", "MpdNames.Known", "EssentialProperties.Understood");
        Growing(typeof(Breaking).Assembly).Should().Contain(static field => field.DeclaringType == typeof(Breaking.Hoards), "the checker sees one");

        static IEnumerable<FieldInfo> Growing(Assembly assembly) => assembly.GetTypes().Where(static type => !type.ContainsGenericParameters)
            .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(static field => field.FieldType.IsGenericType && field.FieldType.Namespace is "System.Collections.Generic" or "System.Collections.Concurrent" && field.FieldType.IsClass);
    }

    [Fact]
    public void Engine_loads_no_code_and_opens_no_connection_of_its_own()
    {
        // HTTP comes in as an HttpMessageInvoker. One method makes the handler that a host may use; nobody in the engine calls it.
        Type[] banned = [typeof(System.Runtime.Loader.AssemblyLoadContext), typeof(HttpClient), typeof(HttpClientHandler), typeof(SocketsHttpHandler), typeof(System.Net.Sockets.Socket)];
        Engine.GetTypes().Where(type => type.DeclaringType is null && Uses(type).Any(banned.Contains)).Should().Equal(typeof(Licensing.Transport.HttpLicenseTransport));
        Engine.GetTypes().Where(type => TypeReferences.CallsOf(type).Any(called => called.Name == nameof(Licensing.Transport.HttpLicenseTransport.CreateHandler))).Should().BeEmpty();
        Uses(typeof(Breaking.Loads)).Should().Contain([banned[0], banned[1], banned[4]]);

        // What is only handed in and looked at is nobody's own.
        static IEnumerable<Type?> Uses(Type type) => TypeReferences.CallsOf(type).Where(called => called.IsConstructor || called.IsStatic).Select(called => called.DeclaringType);
    }

    [Fact]
    public void Hosting_needs_the_engine_its_loader_and_the_hosting_packages()
    {
        ProjectFile project = Project("Keyway.Hosting");
        project.Compiled.Should().Equal("Keyway");
        project.Packages.Should().Contain("McMaster.NETCore.Plugins").And.OnlyContain(package => package == "McMaster.NETCore.Plugins" || package.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal));
    }

    [Fact]
    public void Fleet_needs_the_host_and_nothing_of_what_it_watches_with_is_its_own()
    {
        ProjectFile project = Project("Keyway.Fleet");
        project.Compiled.Should().Equal("Keyway.Hosting");
        project.Packages.Should().OnlyContain(static package => package.StartsWith("Microsoft.Orleans.", StringComparison.Ordinal) || package.StartsWith("OpenTelemetry.", StringComparison.Ordinal)
            || package == "Microsoft.AspNetCore.OpenApi" || package == "Npgsql");
    }

    [Fact]
    public void Plugins_need_the_contract_at_compile_time_only()
    {
        List<ProjectFile> plugins = [.. ProjectFile.All.Where(project => project.Folder.StartsWith("plugins/", StringComparison.Ordinal))];
        plugins.Should().NotBeEmpty();
        plugins.SelectMany(PluginFaults).Should().BeEmpty();
        PluginFaults(Project("Keyway.Hosting")).Should().HaveCount(2, "it sees the engine, and it brings it along");
        PluginFaults(Project("Keyway") with { Packages = ["Microsoft.Extensions.Logging.Abstractions"] }).Should().HaveCount(2, "a plugin that repeats a package of the contract ships it");
    }

    [Fact]
    public void Hosts_see_no_plugin()
    {
        foreach (ProjectFile host in ProjectFile.All.Where(project => project.Folder.StartsWith("hosts/", StringComparison.Ordinal) && project.Name != "Keyway.Sandbox"))
            host.Compiled.Except(["Keyway.Messaging.MessagePipe"]).Should().Equal(["Keyway.Hosting"], "{0} meets plugins in a folder, and the bus's adapter where it is built with it", host.Name);
        Project("Keyway.ClearKey.Tests").Compiled.Should().Contain("Keyway.ClearKey", "the reader of projects sees a reference to a plugin");
    }

    [Fact]
    public void Sandbox_and_plugins_share_no_project_and_no_source()
    {
        Project("Keyway.Sandbox").Projects.Should().BeEmpty();
        Project("Keyway.Sandbox").Packages.Should().NotContain(package => package.StartsWith("Keyway", StringComparison.Ordinal));
        ProjectFile.All.SelectMany(SharedSources).Should().BeEmpty();

        string folder = Directory.CreateTempSubdirectory("keyway-rooms-").FullName;
        try
        {
            string path = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "hosts", "sandbox")).FullName, "X.csproj");
            File.WriteAllText(path, """<Project><ItemGroup><Compile Include="$(RepoRoot)plugins/clearkey/*.cs" Link="x" /><Protobuf Include="../../plugins/widevine/w.proto" /><Compile Include="own/*.cs" /></ItemGroup></Project>""");
            SharedSources(ProjectFile.Read(path, folder), folder).Should().HaveCount(2);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Test_library_needs_contract_engine_and_what_loads_plugins()
    {
        Project("Keyway.Testing").Compiled.Should().BeSubsetOf(["Keyway", "Keyway.Abstractions", "Keyway.Hosting"]);
        Project("Keyway.Testing").Packages.Should().BeEmpty();
        Strangers(typeof(FakeKeySystem).Assembly, [.. ContractClosure, "Keyway.Abstractions", "Keyway", "Keyway.Hosting"]).Should().BeEmpty();
    }

    [Fact]
    public void Tests_see_what_they_test_and_the_framework()
    {
        HashSet<string> framework = [.. ProjectFile.All.Where(project => project.Folder.StartsWith("framework/", StringComparison.Ordinal)).Select(project => project.Name), "Keyway.Testing"];
        foreach (ProjectFile tests in ProjectFile.All.Where(project => project.Name.EndsWith(".Tests", StringComparison.Ordinal)))
            tests.Compiled.Should().BeSubsetOf([.. framework, .. Tested(tests.Name)], "{0} tests that and nothing else", tests.Name);

        static string[] Tested(string tests) => tests switch
        {
            "Keyway.Browser.Tests" => ["Keyway.Sandbox"],
            "Keyway.Cdm.Tests" => ["Keyway.Cdm", "Keyway.Cdm.Host", "Keyway.Cdm.FakeHost"],   // both ends of a pipe, and what stands in for a library
            _ => [tests[..^".Tests".Length]],
        };
    }

    [Fact]
    public void Benchmarks_see_no_plugin_but_what_measures_one() =>
        ProjectFile.All.Where(project => project.Folder.StartsWith("benchmarks", StringComparison.Ordinal) && project.Name != "Keyway.Cdm.Benchmarks").SelectMany(project => project.Compiled)
            .Should().NotIntersectWith(ProjectFile.All.Where(project => project.Folder.StartsWith("plugins/", StringComparison.Ordinal)).Select(project => project.Name));

    // ---- rooms of the engine

    [Theory]
    [InlineData("Primitives")]
    [InlineData("Decryption")]
    [InlineData("Sources")]
    [InlineData("Messaging")]
    [InlineData("Licensing")]
    [InlineData("Protection")]
    [InlineData("Diagnostics")]
    [InlineData("MediaUnits")]
    [InlineData("Mp4", "MediaUnits", "Decryption", "Protection")]
    [InlineData("Containers", "Mp4", "MediaUnits", "Decryption", "Protection")]
    [InlineData("Dash", "Timeline", "Sources", "Protection")]
    [InlineData("Manifests", "Timeline", "Mp4", "Containers", "Sources", "Protection")]
    [InlineData("Sessions", "Licensing", "Decryption", "Messaging", "Diagnostics")]
    [InlineData("Timeline", "MediaUnits", "Mp4", "Containers", "Decryption", "Protection", "Sources")]
    [InlineData("KeyFiles", "Licensing", "Decryption", "Protection", "Sources")]
    [InlineData("Content", "Timeline", "MediaUnits", "Dash", "Manifests", "Mp4", "Protection", "Sources")]
    [InlineData("Cpix", "Mp4", "Timeline", "Dash", "Manifests", "Decryption", "Protection", "Sources")]
    [InlineData("Live", "Content", "Timeline", "MediaUnits", "Mp4", "Sources")]
    public void Room_uses_what_its_row_allows(string room, params string[] others) =>
        Visits(Engine, $"Keyway.{room}", others.Select(other => $"Keyway.{other}")).Should().BeEmpty();

    [Fact]
    public void Containers_and_manifests_know_nothing_of_licences()
    {
        string[] licences = ["Keyway.Sessions", "Keyway.Licensing"];
        foreach (string room in (string[])["Keyway.Mp4", "Keyway.Containers", "Keyway.Dash", "Keyway.Manifests", "Keyway.Sources", "Keyway.Live"])
            Rooms(Engine, room).Should().NotBeEmpty().And.NotIntersectWith(licences, "{0}", room);
        Rooms(Engine, "Keyway.Sessions").Should().Contain("Keyway.Licensing", "the checker sees a room that does");
    }

    [Fact]
    public void One_class_knows_the_forms_of_manifests()
    {
        // Everybody else sees a timeline: playlists, choice of tracks, live presentations, merging and the front door are the same for every form.
        // A CPIX document has snippets of both, which are shown as they would be read where they are written.
        string[] forms = ["Keyway.Dash", "Keyway.Manifests"];
        Engine.GetTypes().Where(type => Room(type) is { } room && !forms.Contains(room) && TypeReferences.Of(type).Select(Room).OfType<string>().Intersect(forms).Any())
            .Select(TypeReferences.Outermost).Distinct().Should().BeEquivalentTo([typeof(Content.ContentReader), typeof(Cpix.CpixSignals)]);
    }

    [Fact]
    public void A_namespace_is_that_of_the_folder_or_one_above()
    {
        // Applications name one namespace a room, in whichever folder below it a type lies.
        Tree.Scattered.Should().BeEmpty();
        Tree.Folders.Count.Should().BeGreaterThan(300);
        Tree.Folders.Where(static pair => !$"Keyway.{pair.Value.Replace('/', '.')}.".StartsWith(pair.Key[..(pair.Key.LastIndexOf('.') + 1)], StringComparison.Ordinal)).Should().BeEmpty();
        Tree.FolderOf(typeof(FormatError)).Should().Be("Primitives");
        Tree.FolderOf(typeof(Mp4.Structure.Moof)).Should().Be("Mp4/Structure");
    }

    [Fact]
    public void Rooms_lead_in_no_circle_and_none_to_the_roof()
    {
        List<(string From, string To, string Example)> steps = [.. Steps().Select(static step => (step.From.Split('/')[0], step.To.Split('/')[0], step.Example))];
        steps.Where(static step => step.To.Length == 0).Should().BeEmpty("the front door uses every room, and no room uses it");
        Told(steps).Should().BeEmpty();
        Told([("Dash", "Timeline", "a"), ("Timeline", "Mp4", "b"), ("Mp4", "Dash", "c"), ("Content", "Dash", "d")]).Should().Equal("Dash > Timeline: a", "Timeline > Mp4: b", "Mp4 > Dash: c");
    }

    [Fact]
    public void Sub_rooms_lead_in_no_circle()
    {
        foreach (IGrouping<string, (string From, string To, string Example)> room in Steps().Where(static step => step.From.Split('/')[0] == step.To.Split('/')[0]).GroupBy(static step => step.From.Split('/')[0]))
            Told([.. room]).Should().BeEmpty("{0}", room.Key);
    }

    [Fact]
    public void What_may_lead_up_does() =>
        LeadUp.Where(static each => !TypeReferences.Of(each.By).Select(TypeReferences.Outermost).Contains(each.Named)).Should().BeEmpty("there is no reason left for it");

    private static IEnumerable<string> Told(List<(string From, string To, string Example)> steps)
    {
        HashSet<(string, string)> circle = [.. Circles.Among([.. steps.Select(static step => (step.From, step.To)).Distinct()])];
        return steps.Where(step => circle.Contains((step.From, step.To))).Select(static step => $"{step.From} > {step.To}: {step.Example}").Distinct();
    }

    [Fact]
    public void Every_room_has_a_rule()
    {
        string[] ruled = ["Keyway", .. new[] { "Primitives", "Content", "Timeline", "Diagnostics", "KeyFiles", "Cpix", "Live", "Sessions", "Decryption", "Sources", "Messaging", "Licensing", "Protection", "Mp4", "Containers", "Dash", "Manifests", "MediaUnits" }.Select(room => $"Keyway.{room}")];
        Engine.GetTypes().Select(Room).OfType<string>().Distinct().Should().BeEquivalentTo(ruled);
    }

    [Theory]
    [InlineData(typeof(Breaking.Inherits))]
    [InlineData(typeof(Breaking.Implements))]
    [InlineData(typeof(Breaking.HasField))]
    [InlineData(typeof(Breaking.Takes))]
    [InlineData(typeof(Breaking.Calls))]
    [InlineData(typeof(Breaking.InLambda))]
    [InlineData(typeof(Breaking.Awaits))]
    [InlineData(typeof(Breaking.Iterates))]
    [InlineData(typeof(Breaking.Catches))]
    [InlineData(typeof(Breaking.Closes))]
    [InlineData(typeof(Breaking.IsMarked))]
    public void Checker_of_rooms_sees_through(Type way) => TypeReferences.Of(way).Select(TypeReferences.Outermost).Should().Contain(typeof(BreakingTarget));

    // ---- one place for a thing

    [Fact]
    public void Streams_share_one_base()
    {
        Type[] streams = [.. Engine.GetTypes().Where(static type => type.IsAssignableTo(typeof(Stream)))];
        streams.Should().HaveCountGreaterThan(8).And.OnlyContain(static type => type.IsAssignableTo(typeof(PlainStream)));
        Files("hosts/cli", OwnStream).Should().BeEmpty("the command's come from it as well");
        OwnStream.IsMatch("internal sealed class Owned(Stream inner) : Stream\n").Should().BeTrue();
    }

    [Fact]
    public void Header_of_a_box_is_read_in_one_place() =>
        Files("framework/Keyway", LargeSize).Should().Equal("framework/Keyway/Primitives/BoxHeader.cs");

    [Fact]
    public void Wiring_alone_subscribes()
    {
        Type[] subscribers =
        [
            .. Engine.GetTypes().Where(type => type.DeclaringType is null && Room(type) != "Keyway.Messaging"
                && TypeReferences.CallsOf(type).Any(called => called.Name == "Subscribe" && called.DeclaringType?.Namespace == "Keyway.Messaging")),
        ];
        subscribers.Should().Equal(typeof(Wiring));
        Files("framework", Subscribing).Should().BeSubsetOf(["framework/Keyway/Wiring.cs", .. Within("framework/Keyway/Messaging"), .. Within("framework/Keyway.Messaging.MessagePipe")])
            .And.Contain("framework/Keyway/Wiring.cs");
    }

    [Fact]
    public void Loader_of_plugins_is_named_in_one_file() =>
        ((string[])["framework", "plugins", "hosts"]).SelectMany(folder => Files(folder, McMaster)).Should().Equal("framework/Keyway.Hosting/Plugins/PluginGeneration.cs");

    [Fact]
    public void Facts_carry_identifiers_and_numbers()
    {
        Type[] facts = [.. Contract.GetTypes().Where(type => type.IsAssignableTo(typeof(IKeywayEvent)) && type != typeof(IKeywayEvent))];
        facts.Should().HaveCount(16).And.OnlyContain(fact => fact.IsValueType && fact.IsPublic);
        facts.SelectMany(fact => fact.GetProperties()).Select(property => property.PropertyType)
            .Should().OnlyContain(type => type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(SessionId) || type == typeof(PresentationId) || type == typeof(KeyId) || type == typeof(SystemId));
    }

    private static ProjectFile Project(string name) => ProjectFile.All.Single(project => project.Name == name);

    private static IEnumerable<string> Strangers(Assembly assembly, params string[] allowed) =>
        assembly.GetReferencedAssemblies().Select(name => name.Name!).Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && name is not ("System" or "netstandard" or "mscorlib")).Except(allowed).Order(StringComparer.Ordinal);

    private static IEnumerable<string> PluginFaults(ProjectFile project)
    {
        foreach (ProjectLink link in project.Projects)
        {
            // A process that is started, and lies beside the plugin as any file of its folder does.
            if (link is { OrderOnly: true, Name: "Keyway.Cdm.Host" } && project.Name == "Keyway.Cdm") continue;
            if (link.Name != "Keyway.Abstractions") yield return $"{project.Name} sees {link.Name}";
            if (!link.CompileTimeOnly) yield return $"{project.Name} brings {link.Name} along";
        }

        foreach (string package in project.Packages.Intersect(ContractPackages)) yield return $"{project.Name} ships {package}";
    }

    /// <summary>Sources of one side in a project of the other, and sources from outside in either.</summary>
    private static IEnumerable<string> SharedSources(ProjectFile project) => SharedSources(project, Corpus.Root);

    private static IEnumerable<string> SharedSources(ProjectFile project, string root)
    {
        bool plugin = project.Folder.StartsWith("plugins/", StringComparison.Ordinal);
        if (!plugin && project.Folder != "hosts/sandbox") return [];
        // The CDM's process is the plugin's other half, and both are made of the same frames; W3C Clear Key is one, whoever decrypts.
        string[] own = [.. Folders(project).Select(folder => Path.Combine(root, folder) + Path.DirectorySeparatorChar)];
        // Test content is neither side's knowledge of a protocol.
        string samples = Path.Combine(root, "samples") + Path.DirectorySeparatorChar;
        return project.Sources.Where(source => !own.Any(folder => source.StartsWith(folder, StringComparison.Ordinal)) && !source.StartsWith(samples, StringComparison.Ordinal));

        static string[] Folders(ProjectFile project) => project.Name switch
        {
            "Keyway.Cdm.Host" => ["plugins/cdm"],
            "Keyway.Cdm" => [project.Folder, "plugins/clearkey"],
            _ => [project.Folder],
        };
    }

    /// <summary>The engine's name and the first folder of a type; none for what the compiler and generators add.</summary>
    private static string? Room(Type type) =>
        Tree.FolderOf(type) switch { null => null, "" => "Keyway", string folder => $"Keyway.{folder.Split('/')[0]}" };

    /// <summary>The rooms of the engine that a room uses.</summary>
    private static IEnumerable<string> Rooms(Assembly assembly, string room) => Named(assembly, room).Select(pair => Room(pair.Named)!).Distinct();

    // Types of the contract share the rooms' names, and are for everybody. The compiler's own have no room.
    private static IEnumerable<(Type By, Type Named)> Named(Assembly assembly, string room) =>
        from type in assembly.GetTypes()
        where Room(type) == room
        from named in TypeReferences.Of(type)
        where named.Assembly == assembly && Room(named) is not null
        select (TypeReferences.Outermost(type), TypeReferences.Outermost(named));

    private static IEnumerable<string> Visits(Assembly assembly, string room, IEnumerable<string> allowed) =>
        Named(assembly, room)
            .Where(pair => Room(pair.Named) != room && Room(pair.Named) != Ground && !allowed.Contains(Room(pair.Named)) && !MayLeadUp(pair))
            .Select(pair => $"{pair.By.FullName} uses {pair.Named.FullName}")
            .Distinct();

    private static bool MayLeadUp((Type By, Type Named) pair) => LeadUp.Any(each => (each.By, each.Named) == pair);

    /// <summary>Which folder of the engine names which other, by types that are no exceptions.</summary>
    private static List<(string From, string To, string Example)> Steps()
    {
        List<(string From, string To, string Example)> steps = [];
        foreach (Type type in Engine.GetTypes())
        {
            if (Tree.FolderOf(type) is not { } from) continue;
            foreach (Type named in TypeReferences.Of(type).Select(TypeReferences.Outermost))
                if (named.Assembly == Engine && Tree.FolderOf(named) is { } to && to != from && !MayLeadUp((TypeReferences.Outermost(type), named)))
                    steps.Add((from, to, $"{TypeReferences.Outermost(type).Name} names {named.Name}"));
        }

        return steps;
    }

    /// <summary>The source files below a folder that match, relative to the checkout.</summary>
    private static IEnumerable<string> Files(string folder, Regex pattern) => Within(folder).Where(file => pattern.IsMatch(File.ReadAllText(Path.Combine(Corpus.Root, file))));

    private static IEnumerable<string> Within(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Corpus.Root, folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Corpus.Root, file).Replace('\\', '/'))
            .Where(file => !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal));
}
