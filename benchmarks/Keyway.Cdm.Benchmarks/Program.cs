using Keyway.Cdm.Benchmarks;

// What `dotnet run -c Release --project benchmarks/Keyway.Cdm.Benchmarks` does: it measures, and writes the report. Firefox's module where it is
// (tests/Keyway.Cdm.Tests/install-firefox.sh), and the module in C# of the tests.
return await ThroughChild.WriteAsync(args.Length > 0 ? args[0] : Path.Combine("benchmarks", "reports", "cdm.md"));
