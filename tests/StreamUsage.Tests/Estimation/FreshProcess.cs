using System.Reflection;
using System.Runtime.Loader;

namespace StreamUsage.Tests.Estimation;

/// <summary>The library and these tests as loaded anew, with static fields of their own: what one test loads is not
/// there for another.</summary>
internal sealed class FreshProcess : AssemblyLoadContext
{
    private static readonly Assembly Tests = typeof(FreshProcess).Assembly;

    /// <summary>Runs a static method of this assembly there.</summary>
    public static Task<string> RunAsync(Type type, string method)
    {
        var fresh = new FreshProcess();
        Type there = fresh.LoadFromAssemblyPath(Tests.Location).GetType(type.FullName!, throwOnError: true)!;
        return (Task<string>)there.GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)!
            .Invoke(null, null)!;
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string path = Path.Combine(Path.GetDirectoryName(Tests.Location)!, assemblyName.Name + ".dll");
        return assemblyName.Name is "StreamUsage" || assemblyName.Name == Tests.GetName().Name ? LoadFromAssemblyPath(path) : null;
    }
}
