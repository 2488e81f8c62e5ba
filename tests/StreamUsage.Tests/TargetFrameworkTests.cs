using System.Reflection;
using System.Runtime.Versioning;

namespace StreamUsage.Tests;

/// <summary>Two projects compile these sources; each must run against the build of the library that it is named
/// for.</summary>
public sealed class TargetFrameworkTests
{
#if EXPECTED_LIBRARY_TFM_NET8_0
    private const string ExpectedLibraryFramework = ".NETCoreApp,Version=v8.0";
#else
    private const string ExpectedLibraryFramework = ".NETCoreApp,Version=v10.0";
#endif

    [Fact]
    public void Loaded_library_is_the_build_this_project_is_for()
    {
        Assembly library = Assembly.Load("StreamUsage");

        library.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName.Should().Be(ExpectedLibraryFramework);
    }
}
