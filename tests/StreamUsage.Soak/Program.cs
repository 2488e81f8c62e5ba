using System.Globalization;
using StreamUsage.Soak;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

if (SoakOptions.Read(args) is not { } options)
{
    Console.Error.WriteLine("Usage: dotnet run -c Release --project tests/StreamUsage.Soak -- [--streams 20000] [--concurrent 500] [--seed N]");
    return 2;
}

return await SoakTest.RunAsync(options) ? 0 : 1;
