# glasslog_library(name folder [DEPENDS a b] [EXTERNAL x y] SOURCES … HEADERS …): one static library
# for one folder. What it may include is what it links: the include rule in another notation.
function(glasslog_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;DEPENDS;EXTERNAL" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS})
    target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} ${ARG_EXTERNAL} PRIVATE glasslog_warnings)
endfunction()

# glasslog_test(name LABEL fast SOURCES … DEPENDS …): one GoogleTest program, one ctest entry.
function(glasslog_test name)
    cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;DEPENDS;ARGUMENTS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_definitions(${name} PRIVATE GLASSLOG_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main glasslog_warnings)
    add_test(NAME ${name} COMMAND ${name} ${ARG_ARGUMENTS})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 600)
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77)
endfunction()
