namespace Keyway.Peers;

/// <summary>Publishes what is compared with each other, both as ReadyToRun.</summary>
internal static class Publishing
{
    public static string Keyway(string folder)
    {
        string to = Path.Combine(folder, "keyway");
        Command.Run("dotnet", "publish", Path.Combine("hosts", "cli"), "-c", "Release", "-v", "quiet", "-nologo", "-o", to);
        return Path.Combine(to, "keyway");
    }

    /// <summary>The smallest program that says something: what a short command is measured against.</summary>
    public static string Hello(string folder)
    {
        string source = Path.Combine(folder, "hello"), to = Path.Combine(source, "published");
        if (File.Exists(Path.Combine(to, "hello"))) return Path.Combine(to, "hello");
        Directory.CreateDirectory(source);
        File.WriteAllText(Path.Combine(source, "hello.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <RuntimeIdentifier>$(NETCoreSdkPortableRuntimeIdentifier)</RuntimeIdentifier>
                <SelfContained>false</SelfContained>
                <PublishReadyToRun>true</PublishReadyToRun>
                <InvariantGlobalization>true</InvariantGlobalization>
              </PropertyGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(source, "Program.cs"), "System.Console.WriteLine(\"Hello, world\");");
        Command.Run("dotnet", "publish", source, "-c", "Release", "-v", "quiet", "-nologo", "-o", to);
        return Path.Combine(to, "hello");
    }
}
