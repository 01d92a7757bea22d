using System.Reflection;
using System.Security.Cryptography;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Keyway.Cdm.Child;

/// <summary>A key system whose child is the lying one.</summary>
internal static class LyingModule
{
    public static readonly KeyId Id = new(new UInt128(0x0011223344556677, 0x8899AABBCCDDEEFF));

    public static readonly byte[] Key = Convert.FromHexString("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");

    /// <summary>The script of one that has that key.</summary>
    public static string HasKey => $"key={Id}:{Convert.ToHexStringLower(Key)}";

    /// <summary>A file that exists, and is what is pinned.</summary>
    public static string File => typeof(LyingModule).Assembly.Location;

    public static byte[] Hash { get; } = SHA256.HashData(System.IO.File.ReadAllBytes(File));

    public static CdmOptions Options { get; } = new() { Module = File, ModuleKeySystem = "org.example.liar", Systems = [new SystemId(new Guid("3a5b5e6f-0000-4000-8000-000000000001"))] };

    public static ChildProgram Program(string script) => new()
    {
        Assembly = typeof(LyingModule).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static one => one.Key == "LyingChild").Value!,
        Arguments = [script],
    };

    public static PluginContext Context(IPluginStorage? storage = null, ILoggerFactory? logging = null) => new()
    {
        PluginId = "cdm",
        Settings = new ConfigurationBuilder().Build().GetSection("none"),
        Logging = logging ?? NullLoggerFactory.Instance,
        Events = Substitute.For<Messaging.IEventSource>(),
        Secrets = Substitute.For<ISecretReader>(),
        Http = new HttpMessageInvoker(new SocketsHttpHandler()),
        Clock = TimeProvider.System,
        Storage = storage ?? PluginContext.NoStorage,
    };

    public static CdmKeySystem Make(string script, CdmOptions? options = null, TimeProvider? machine = null, bool isTest = false, ILoggerFactory? logging = null) =>
        new(options ?? (isTest ? Options with { Pin = Hash } : Options), Context(logging: logging), Program(script), isTest ? [Hash] : null, machine);
}
